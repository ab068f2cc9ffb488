import { randomBytes, timingSafeEqual } from 'node:crypto';

/** Tells the commands of this user from everybody else. */
export class AdminToken {
  readonly text = randomBytes(24).toString('base64url');

  isIn(headers: { readonly authorization?: string | undefined }): boolean {
    const given = Buffer.from(headers.authorization?.replace(/^bearer\s+/i, '') ?? '');
    const wanted = Buffer.from(this.text);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }
}
