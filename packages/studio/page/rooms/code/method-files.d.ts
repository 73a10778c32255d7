declare module 'virtual:method-files' {
  /** The address of the file that `build/method-files.ts` makes. */
  const address: string
  export default address
}
