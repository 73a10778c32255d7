/**
 * Models in ONNX's protobuf format, written without a library: the few messages and fields that a graph of
 * float32 nodes needs (field numbers from onnx.proto, IR version 8).
 */

type Attribute = number | string | { readonly float: number } | readonly number[]

export interface OnnxNode {
  readonly op: string
  readonly inputs: readonly string[]
  readonly output: string
  readonly attributes?: Readonly<Record<string, Attribute>>
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[]
  /** Names and shapes of what is given at each run. */
  readonly inputs: Readonly<Record<string, readonly number[]>>
  readonly output: string
  /** Constants: float32 values, or int64 ones for shapes. */
  readonly constants?: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly values: Float32Array | BigInt64Array }>
  >
}

type Bytes = readonly number[]

function varint(value: number | bigint): Bytes {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return [...bytes, Number(rest)]
}

const integer = (field: number, value: number | bigint): Bytes => [...varint(field << 3), ...varint(value)]
const bytes = (field: number, value: ArrayLike<number>): Bytes => [
  ...varint((field << 3) | 2),
  ...varint(value.length),
  ...Array.from(value),
]
const text = (field: number, value: string): Bytes => bytes(field, new TextEncoder().encode(value))
const float = (field: number, value: number): Bytes => [
  ...varint((field << 3) | 5),
  ...new Uint8Array(Float32Array.of(value).buffer),
]

/** AttributeProto: name 1, f 2, i 3, s 4, ints 8, type 20 (FLOAT 1, INT 2, STRING 3, INTS 7). */
function attribute(name: string, value: Attribute): Bytes {
  const named = text(1, name)
  if (typeof value === 'number') return [...named, ...integer(3, value), ...integer(20, 2)]
  if (typeof value === 'string') return [...named, ...text(4, value), ...integer(20, 3)]
  if ('float' in value) return [...named, ...float(2, value.float), ...integer(20, 1)]
  return [...named, ...value.flatMap((v) => integer(8, v)), ...integer(20, 7)]
}

/** NodeProto: input 1, output 2, op_type 4, attribute 5. */
const node = ({ op, inputs, output, attributes = {} }: OnnxNode): Bytes => [
  ...inputs.flatMap((name) => text(1, name)),
  ...text(2, output),
  ...text(4, op),
  ...Object.entries(attributes).flatMap(([name, value]) => bytes(5, attribute(name, value))),
]

/** ValueInfoProto: name 1, type 2 { tensor_type 1 { elem_type 1 (FLOAT 1), shape 2 { dim 1 { dim_value 1 } } } }. */
function value(name: string, shape: readonly number[] | undefined): Bytes {
  const dims =
    shape === undefined
      ? []
      : bytes(
          2,
          shape.flatMap((n) => bytes(1, integer(1, n))),
        )
  return [...text(1, name), ...bytes(2, bytes(1, [...integer(1, 1), ...dims]))]
}

/** TensorProto: dims 1, data_type 2 (FLOAT 1, INT64 7), name 8, raw_data 9. */
const constant = (
  name: string,
  { shape, values }: { readonly shape: readonly number[]; readonly values: Float32Array | BigInt64Array },
): Bytes => [
  ...shape.flatMap((n) => integer(1, n)),
  ...integer(2, values instanceof Float32Array ? 1 : 7),
  ...text(8, name),
  ...bytes(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
]

/** The file of a model. GraphProto: node 1, name 2, initializer 5, input 11, output 12. */
export function onnxModel({ nodes, inputs, output, constants = {} }: OnnxGraph): Uint8Array {
  const graph = [
    ...nodes.flatMap((n) => bytes(1, node(n))),
    ...text(2, 'case'),
    ...Object.entries(constants).flatMap(([name, c]) => bytes(5, constant(name, c))),
    ...Object.entries(inputs).flatMap(([name, shape]) => bytes(11, value(name, shape))),
    ...bytes(12, value(output, undefined)),
  ]
  // ModelProto: ir_version 1, graph 7, opset_import 8 { version 2 }.
  return Uint8Array.from([...integer(1, 8), ...bytes(7, graph), ...bytes(8, integer(2, 17))])
}
