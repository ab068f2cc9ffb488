/** An access token of Microsoft Entra is a JWT; a resource's key is hexadecimal or base64 without dots. */
const jwt = /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/;

/** Headers for a resource's key, or for an Entra token that was given in its place. */
export function azureHeaders(credential: string): Readonly<Record<string, string>> {
  return jwt.test(credential) ? { authorization: `Bearer ${credential}` } : { 'api-key': credential };
}
