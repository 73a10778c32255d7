/** Whether the bytes of a file are earlier results, which may be replaced: those that `parse` reads. */
export const resultsReadBy =
  (parse: (text: string, file: string) => unknown) =>
  (bytes: Uint8Array): boolean => {
    try {
      parse(Buffer.from(bytes).toString('utf8'), '')
      return true
    } catch {
      return false
    }
  }
