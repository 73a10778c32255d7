import { FileFormatError, printable } from '@tweedie/tensor'

/** Ends the reading of a file with what is wrong. */
export type Fail = (message: string) => never

/** Refuses a file by an error that names it, on one line whatever the message quotes. */
export const failIn =
  (file: string): Fail =>
  (message) => {
    throw new FileFormatError(file, printable(message))
  }
