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
  override readonly name = 'DeviceError'
}

/** A tensor that was used after its memory was freed. */
export class DisposedTensorError extends TweedieError {
  override readonly name = 'DisposedTensorError'
}

/** An option outside its range, or a wrong call; `option` names it. */
export class OptionError extends TweedieError {
  override readonly name = 'OptionError'
  readonly option: string
  constructor(option: string, message: string) {
    super(`${option}: ${message}`)
    this.option = option
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
    super(`${file}: ${message}`)
    this.file = file
  }
}
