/** The text of a file that another program wrote: UTF-8, or the UTF-16 that some save tables in. */

/** Byte order marks are left out. @throws RangeError or ERR_STRING_TOO_LONG for what no string can hold. */
export function decodeText(bytes: Buffer): string {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) {
    return new TextDecoder('utf-16le').decode(bytes);
  }
  if (
    (first === 0xfe && second === 0xff) ||
    (first === 0 && second !== undefined && second !== 0)
  ) {
    return new TextDecoder('utf-16be').decode(bytes);
  }
  return bytes.toString('utf8').replace(/^\ufeff/, '');
}
