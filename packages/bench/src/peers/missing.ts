/** The line for a peer that is not installed: peers are development dependencies of the bench. */
export const missingPackage = (name: string, error: unknown): { absent: string } => ({
  absent: `${name} is not installed (${error instanceof Error ? error.message.split('\n')[0] : String(error)})`,
})
