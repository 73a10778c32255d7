import { printable } from './printable.ts'

/** Root of every error this project throws on purpose; `name` tells the class apart across realms. */
export class TweedieError extends Error {
  override readonly name: string = 'TweedieError'
}

/** Shapes that do not fit an operation. `op` names it, `shapes` holds the offending shapes in order. */
export class ShapeError extends TweedieError {
  override readonly name = 'ShapeError'
  readonly op: string
  readonly shapes: readonly (readonly number[])[]
  constructor(op: string, message: string, shapes: readonly (readonly number[])[] = []) {
    const seen = shapes.length === 0 ? '' : ` (${shapes.map((s) => `[${s.join(', ')}]`).join(', ')})`
    super(`${op}: ${message}${seen}`)
    this.op = op
    this.shapes = shapes
  }
}

/** Element types that do not fit an operation. */
export class DTypeError extends TweedieError {
  override readonly name = 'DTypeError'
  readonly op: string
  constructor(op: string, message: string) {
    super(`${op}: ${message}`)
    this.op = op
  }
}

/** A device that is missing, cannot do what was asked, or differs between the inputs of one operation. */
export class DeviceError extends TweedieError {
  override readonly name: string = 'DeviceError'
}

/** The numbers of an {@link OutOfMemoryError}, in bytes. */
export interface MemoryShortage {
  readonly device: string
  readonly requestedBytes: number
  readonly usedBytes: number
  /** What the device holds from its host. */
  readonly reservedBytes: number
  /** The largest request that would have been met. */
  readonly largestBytes: number
  /** The most bytes of one tensor here, however much is free. */
  readonly longestBytes: number
  /** Infinite where only the host sets a limit. */
  readonly limitBytes: number
  /** The largest limit that a device may have here. */
  readonly mostBytes: number
  /** The host did not let the memory grow, although the limit would have. */
  readonly hostRefused: boolean
}

/** A device that has no room for what was asked; it stays usable, and nothing was changed. */
export class OutOfMemoryError extends DeviceError {
  override readonly name = 'OutOfMemoryError'
  readonly shortage: MemoryShortage
  /** What the memory was for, from the outside in: the primitive with its result, a working area. */
  readonly context: readonly string[]
  constructor(shortage: MemoryShortage, context: readonly string[] = []) {
    super(shortageMessage(shortage, context))
    this.shortage = shortage
    this.context = context
  }

  /** The same error, said to have happened within something. */
  within(context: string): OutOfMemoryError {
    return new OutOfMemoryError(this.shortage, [context, ...this.context])
  }
}

const amount = (bytes: number): string =>
  bytes >= 2 ** 30
    ? `${(bytes / 2 ** 30).toFixed(2)} GiB`
    : bytes >= 2 ** 20
      ? `${(bytes / 2 ** 20).toFixed(1)} MiB`
      : `${bytes} bytes`

function shortageMessage(s: MemoryShortage, context: readonly string[]): string {
  const what = context.length === 0 ? '' : ` (${context.join(': ')})`
  const host = s.hostRefused ? ` and the host gives no more than the present ${amount(s.reservedBytes)}` : ''
  const tooLong = s.requestedBytes > s.longestBytes && s.longestBytes < s.limitBytes
  const requested = tooLong ? `${s.requestedBytes} bytes` : amount(s.requestedBytes)
  const reason = tooLong
    ? `one tensor has at most ${s.longestBytes} bytes here`
    : Number.isFinite(s.limitBytes)
      ? `${amount(s.usedBytes)} of ${amount(s.limitBytes)} are in use${host}, and ` +
        `${amount(s.largestBytes)} would have fitted`
      : 'the host gives no more'
  const raise =
    s.limitBytes < s.mostBytes && !s.hostRefused
      ? `, or raise maxBytes (up to ${amount(s.mostBytes)} here)`
      : ''
  return (
    `${s.device}: no room for ${requested}${what}; ${reason}; work in smaller ` +
    `batches, dispose of tensors (scope()), recompute rather than keep (checkpoint())${raise}`
  )
}

/** A tensor that was used after its memory was freed. */
export class DisposedTensorError extends TweedieError {
  override readonly name = 'DisposedTensorError'
}

/** An option outside its range, or a wrong call; `option` names it. */
export class OptionError extends TweedieError {
  override readonly name = 'OptionError'
  readonly option: string
  /** The message without the option's name, for who names it otherwise. */
  readonly reason: string
  constructor(option: string, reason: string) {
    super(`${option}: ${reason}`)
    this.option = option
    this.reason = reason
  }
}

/** NaN or infinity where only finite numbers make sense. */
export class NonFiniteError extends TweedieError {
  override readonly name = 'NonFiniteError'
}

/** A file whose contents are not what they should be (truncated, corrupt, of another model). */
export class FileFormatError extends TweedieError {
  override readonly name = 'FileFormatError'
  readonly file: string
  constructor(file: string, message: string) {
    // What a file says of itself must not reach a terminal as it is. Lines are the message's own.
    super(
      `${file}: ${message}`
        .split('\n')
        .map((line) => printable(line))
        .join('\n'),
    )
    this.file = file
  }
}
