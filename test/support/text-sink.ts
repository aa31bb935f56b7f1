/** A sink of 60 columns that keeps what is written to it. */
export function createSink() {
  let text = '';
  return {
    columns: 60,
    write(chunk: string | Uint8Array) {
      text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    },
    get text() {
      return text;
    },
  };
}
