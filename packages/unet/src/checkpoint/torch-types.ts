import type { ElementType } from './arrays.ts'

/** torch's element types, by the name of the dtype and of the storage class. */
const types: readonly (readonly [
  dtype: string,
  storage: string | undefined,
  stored: ElementType | string,
])[] = [
  ['float64', 'Double', 'F64'],
  ['float32', 'Float', 'F32'],
  ['float16', 'Half', 'F16'],
  ['bfloat16', 'BFloat16', 'BF16'],
  ['float8_e4m3fn', undefined, 'F8_E4M3'],
  ['float8_e5m2', undefined, 'F8_E5M2'],
  ['int64', 'Long', 'I64'],
  ['int32', 'Int', 'I32'],
  ['int16', 'Short', 'I16'],
  ['int8', 'Char', 'I8'],
  ['uint64', undefined, 'U64'],
  ['uint32', undefined, 'U32'],
  ['uint16', undefined, 'U16'],
  ['uint8', 'Byte', 'U8'],
  ['bool', 'Bool', 'BOOL'],
  ['float8_e4m3fnuz', undefined, 'F8_E4M3FNUZ'],
  ['float8_e5m2fnuz', undefined, 'F8_E5M2FNUZ'],
  ['float8_e8m0fnu', undefined, 'F8_E8M0'],
  // Listed, but their values are not read.
  ['complex32', undefined, 'C32'],
  ['complex64', 'ComplexFloat', 'C64'],
  ['complex128', 'ComplexDouble', 'C128'],
  ['float4_e2m1fn_x2', undefined, 'F4'],
  ['qint8', 'QInt8', 'QINT8'],
  ['quint8', 'QUInt8', 'QUINT8'],
  ['qint32', 'QInt32', 'QINT32'],
  ['quint4x2', 'QUInt4x2', 'QUINT4X2'],
  ['quint2x4', 'QUInt2x4', 'QUINT2X4'],
  ...'int1 int2 int3 int4 int5 int6 int7 uint1 uint2 uint3 uint4 uint5 uint6 uint7 bits8 bits16 bits1x8 bits2x4 bits4x2'
    .split(' ')
    .map((dtype) => [dtype, undefined, dtype.toUpperCase()] as const),
]

/** Element types by 'torch.float32' and its like. */
export const dtypes: ReadonlyMap<string, string> = new Map(
  types.map(([dtype, , stored]) => [`torch.${dtype}`, stored]),
)

/** Element types by 'torch.FloatStorage', 'torch.cuda.FloatStorage' and their like; an untyped one has bytes. */
export const storages: ReadonlyMap<string, string> = new Map([
  ...types.flatMap(([, storage, stored]) =>
    storage === undefined
      ? []
      : ['torch', 'torch.cuda'].map((module) => [`${module}.${storage}Storage`, stored] as const),
  ),
  ['torch.storage.UntypedStorage', 'U8'],
  ['torch.UntypedStorage', 'U8'],
])

/** What else a pickle may mention: names of torch and types of Python, none of which it can call. */
export const mentioned: ReadonlySet<string> = new Set([
  ...'strided sparse_coo sparse_csr sparse_csc sparse_bsr sparse_bsc per_tensor_affine per_channel_affine per_tensor_symmetric per_channel_symmetric per_channel_affine_float_qparams Tensor'
    .split(' ')
    .map((name) => `torch.${name}`),
  'torch.nn.parameter.Parameter',
  'torch.nn.parameter.Buffer',
  'torch.storage.TypedStorage',
  'numpy.ndarray',
  'numpy.record',
  'numpy.rec.recarray',
  'numpy.matrix',
  'numpy.memmap',
  'numpy.recarray',
  'numpy.ma.MaskedArray',
  'numpy.ma.core.MaskedArray',
  ...[
    '_mt19937.MT19937',
    '_pcg64.PCG64',
    '_pcg64.PCG64DXSM',
    '_philox.Philox',
    '_sfc64.SFC64',
    'bit_generator.SeedSequence',
  ].map((name) => `numpy.random.${name}`),
  ...['builtins', '__builtin__'].flatMap((module) =>
    'int long float bool str unicode bytes list dict tuple object type Ellipsis NotImplemented'
      .split(' ')
      .map((name) => `${module}.${name}`),
  ),
])

/** Tensor types of torch, such as `torch.cuda.FloatTensor`. */
export const tensorType = /^torch\.(cuda\.)?(sparse\.)?[A-Z]\w*Tensor$/

/** Memory formats, which a pickle finds in whatever module happens to know torch. */
export const memoryFormat = /(^|\.)torch\.(contiguous_format|preserve_format|channels_last(_3d)?)$/

/**
 * Classes and functions whose results are plain data: they are not called, only what they would make is
 * noted. Tensors of kinds that are not read are among them.
 */
export const plain: Readonly<Record<string, string>> = {
  '_codecs.encode': 'bytes',
  'torch.device': 'torch.device',
  'torch.serialization._get_layout': 'torch.layout',
  'torch.torch_version.TorchVersion': 'str',
  'torch._utils._rebuild_sparse_tensor': 'a sparse tensor',
  'torch._utils._rebuild_sparse_csr_tensor': 'a sparse tensor',
  'torch._utils._rebuild_qtensor': 'a quantized tensor',
  'torch._utils._rebuild_nested_tensor': 'a nested tensor',
  'torch._utils._rebuild_meta_tensor_no_storage': 'a tensor without data',
  'torch._utils._rebuild_device_tensor_from_numpy': 'a tensor of another device',
  'torch._C.Generator': 'torch.Generator',
  'torch._utils._rebuild_wrapper_subclass': 'a tensor of another class',
  'datetime.datetime': 'datetime',
  'datetime.date': 'date',
  'datetime.time': 'time',
  'datetime.timedelta': 'timedelta',
  'datetime.timezone': 'timezone',
  'decimal.Decimal': 'Decimal',
  'fractions.Fraction': 'Fraction',
  'uuid.UUID': 'UUID',
  ...Object.fromEntries(
    ['pathlib', 'pathlib._local'].flatMap((module) =>
      ['Path', 'PosixPath', 'WindowsPath', 'PurePath', 'PurePosixPath', 'PureWindowsPath'].map((name) => [
        `${module}.${name}`,
        'Path',
      ]),
    ),
  ),
  ...Object.fromEntries(
    ['builtins', '__builtin__'].flatMap((module) =>
      ['bytearray', 'bytes', 'complex', 'range', 'xrange', 'slice'].map((name) => [
        `${module}.${name}`,
        name,
      ]),
    ),
  ),
  ...Object.fromEntries(
    ['numpy.core', 'numpy._core'].flatMap((module) => [
      [`${module}.multiarray.scalar`, 'a NumPy scalar'],
      [`${module}.multiarray._reconstruct`, 'a NumPy array'],
      [`${module}.numeric._frombuffer`, 'a NumPy array'],
    ]),
  ),
  'numpy.dtype': 'numpy.dtype',
  ...Object.fromEntries(
    'bool bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128 str_ bytes_ void'
      .split(' ')
      .map((name) => [`numpy.${name}`, 'a NumPy scalar']),
  ),
  'numpy.ma.core._mareconstruct': 'a NumPy array',
  'numpy.random.bit_generator.__pyx_unpickle_SeedSequence': 'a NumPy generator',
  ...Object.fromEntries(
    ['generator', 'bit_generator', 'randomstate'].map((name) => [
      `numpy.random._pickle.__${name}_ctor`,
      'a NumPy generator',
    ]),
  ),
}

/** Classes whose objects are read as lists of their first argument. */
export const listLike: readonly string[] = [
  'collections.deque',
  ...['builtins', '__builtin__'].flatMap((module) => [`${module}.set`, `${module}.frozenset`]),
]

/** Classes whose objects are read as dictionaries of their items. */
export const dictLike: readonly string[] = [
  'collections.OrderedDict',
  'collections.defaultdict',
  'collections.Counter',
]

/** Classes whose objects are read as dictionaries of their attributes. */
export const attributeLike: readonly string[] = [
  'argparse.Namespace',
  'types.SimpleNamespace',
  'collections.ChainMap',
  'collections.UserDict',
  'UserDict.IterableUserDict',
]
