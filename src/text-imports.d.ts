// What `import text from './file.html' with { type: 'text' }` yields; see build.mjs for who understands that form.

declare module '*.css' {
  const text: string;
  export default text;
}

declare module '*.dockerfile' {
  const text: string;
  export default text;
}

declare module '*.html' {
  const text: string;
  export default text;
}

/** Scripts for the browser only: the program's own modules are TypeScript. */
declare module '*.js' {
  const text: string;
  export default text;
}

declare module '*.sh' {
  const text: string;
  export default text;
}

declare module '*.yaml' {
  const text: string;
  export default text;
}
