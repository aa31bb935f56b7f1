/** A sink that keeps what is written to it: of 60 columns, unless another window is given. */
export function createSink(window: { readonly columns?: number; readonly rows?: number } = {}) {
  let text = '';
  return {
    columns: 60,
    ...window,
    write(chunk: string | Uint8Array) {
      text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    },
    get text() {
      return text;
    },
  };
}
