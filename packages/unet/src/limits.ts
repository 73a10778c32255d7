/**
 * The most that a configuration may ask for: far beyond any network of the families here, and little enough that its
 * plan is made at once. Files name their own numbers, and a wrong one must not exhaust the process.
 */
export const limits = {
  /** Pixels of a side of the images. */
  side: 4096,
  levels: 12,
  /** Residual blocks of a level. */
  layers: 64,
  /** Channels anywhere, groups, heads, width of the time embedding. */
  channels: 65_536,
  classes: 1_000_000,
  /** Elements of all parameters together. */
  parameters: 2 ** 31,
  /** Steps T of a noise schedule. */
  timesteps: 100_000,
} as const
