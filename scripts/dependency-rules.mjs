// The direction of imports (ARCHITECTURE.md: tensor <- autograd <- solvers <- unet <- runs <- calibration; all <- bench <- cli).
// Read by dependency-cruiser; `npm run deps` checks it.

/** What each package may import, apart from itself. */
const allowed = {
  tensor: [],
  autograd: ['tensor'],
  solvers: ['tensor', 'autograd'],
  unet: ['tensor', 'autograd', 'solvers'],
  runs: ['tensor', 'autograd', 'unet', 'solvers'],
  bench: ['tensor', 'autograd', 'unet', 'solvers'],
  calibration: ['tensor', 'autograd', 'unet', 'solvers', 'runs'],
  studio: ['tensor', 'autograd', 'unet', 'solvers', 'runs', 'calibration'],
  cli: ['tensor', 'autograd', 'unet', 'solvers', 'runs', 'bench', 'calibration', 'studio'],
}

const direction = Object.entries(allowed).map(([name, below]) => ({
  name: `${name}-imports-${below.join('-') || 'nothing'}`,
  comment: `packages/${name} may import ${below.map((x) => `@tweedie/${x}`).join(', ') || 'no other package'}`,
  severity: 'error',
  from: { path: `^packages/${name}/` },
  to: { path: '^packages/', pathNot: `^packages/(${[name, ...below].join('|')})/` },
}))

/** Rooms of packages/tensor/src/wasm: what each may import of the others. Tests may import all. */
const runtime = ['asm', 'runtime']
const moves = [...runtime, 'lanes', 'move']
const rooms = {
  asm: [],
  runtime: ['asm'],
  lanes: ['asm'],
  move: [...runtime, 'lanes'],
  elementwise: moves,
  reduce: moves,
  normalise: moves,
  product: moves,
  attention: [...moves, 'product'],
  conv: [...moves, 'product'],
  draw: [...runtime, 'lanes'],
}
const wasm = '^packages/tensor/src/wasm/'

const wasmRooms = Object.entries(rooms).map(([name, below]) => ({
  name: `wasm-${name}-imports-${below.join('-') || 'nothing'}`,
  comment: `wasm/${name} may import ${below.map((x) => `wasm/${x}`).join(', ') || 'nothing else of wasm'}`,
  severity: 'error',
  from: { path: `${wasm}${name}/`, pathNot: '\\.test\\.(helper\\.)?ts$' },
  to: { path: wasm, pathNot: `${wasm}(${[name, ...below].join('|')})/` },
}))
/** The rooms of packages/unet/src and which of each other they may import, types included. */
const unetRooms = {
  ground: [],
  layers: ['ground'],
  checkpoint: ['ground'],
  data: ['ground', 'checkpoint'],
  architectures: ['ground', 'layers'],
  models: ['ground', 'checkpoint', 'architectures'],
  train: ['ground', 'checkpoint', 'data', 'architectures', 'models'],
  priors: ['ground', 'architectures', 'models', 'train'],
}
/** The files of a room; `ground` are those beside the rooms. */
const unetRoom = (name) => (name === 'ground' ? '^packages/unet/src/[^/]+$' : `^packages/unet/src/${name}/`)
const test = '\\.test\\.(helper\\.)?ts$'

const unet = [
  ...Object.entries(unetRooms).map(([name, below]) => ({
    name: `unet-${name}-imports-${below.join('-') || 'nothing'}`,
    comment: `packages/unet/src: ${name} may import ${below.join(', ') || 'no other room'}`,
    severity: 'error',
    from: { path: unetRoom(name), pathNot: [test, '^packages/unet/src/(index|node)\\.ts$'] },
    to: { path: '^packages/unet/src/', pathNot: [name, ...below].map(unetRoom) },
  })),
  {
    name: 'unet-no-architecture-knows-another',
    comment: 'A folder of architectures/ imports its own files, the contract and what that stands on.',
    severity: 'error',
    from: { path: '^packages/unet/src/architectures/([^/]+)/', pathNot: [test] },
    to: {
      path: '^packages/unet/src/architectures/',
      pathNot: [
        '^packages/unet/src/architectures/$1/',
        '^packages/unet/src/architectures/(architecture|format|picture-fields|trained-on)\\.ts$',
      ],
    },
  },
  {
    name: 'unet-only-the-catalog-knows-architectures',
    comment: 'No room but the catalog, and what is public, names an architecture.',
    severity: 'error',
    from: {
      path: '^packages/unet/src/',
      pathNot: [
        test,
        '^packages/unet/src/architectures/[^/]+/',
        '^packages/unet/src/(architectures/catalog|index)\\.ts$',
      ],
    },
    to: { path: '^packages/unet/src/architectures/[^/]+/' },
  },
  {
    name: 'unet-no-cycle',
    comment: 'Not even of types.',
    severity: 'error',
    from: { path: '^packages/unet/src/' },
    to: { circular: true },
  },
]

/** The rooms of packages/solvers/src and which of each other they may import, types included. Tests may import all. */
const solverRooms = {
  ground: [], // types.ts
  options: [],
  flows: ['options'],
  linalg: ['ground'],
  schedules: ['ground', 'options'],
  noise: ['ground', 'options', 'linalg'],
  operators: ['ground', 'options', 'linalg'],
  metrics: ['ground', 'options', 'linalg', 'operators'],
  run: ['ground', 'options', 'schedules'],
  samplers: ['ground', 'options', 'schedules', 'run'],
  priors: ['ground', 'linalg', 'schedules', 'samplers'],
  inner: ['ground', 'linalg', 'schedules', 'run', 'samplers'],
  particles: ['ground', 'linalg', 'run', 'samplers', 'inner'],
  guidance: ['ground', 'options', 'linalg', 'schedules', 'priors', 'run', 'samplers', 'inner'],
  methods: [
    ...['ground', 'options', 'linalg', 'schedules', 'noise', 'operators', 'priors'],
    ...['run', 'samplers', 'particles', 'inner', 'guidance', 'flows'],
  ],
}
const solverRoom = (name) =>
  name === 'ground' ? '^packages/solvers/src/types\\.ts$' : `^packages/solvers/src/${name}/`
const notTests = '\\.test\\.(helper\\.|kit\\.)?ts$'

const solvers = [
  ...Object.entries(solverRooms).map(([name, below]) => ({
    name: `solvers-${name}-imports-${below.join('-') || 'nothing'}`,
    comment: `packages/solvers/src: ${name} may import ${below.join(', ') || 'no other room'}`,
    severity: 'error',
    from: { path: solverRoom(name), pathNot: notTests },
    to: { path: '^packages/solvers/src/', pathNot: [name, ...below].map(solverRoom) },
  })),
  {
    name: 'solvers-options-stand-on-tensor',
    comment: 'The vocabulary of options imports @tweedie/tensor and nothing else.',
    severity: 'error',
    from: { path: solverRoom('options'), pathNot: notTests },
    to: { path: '^packages/', pathNot: ['^packages/tensor/', solverRoom('options')] },
  },
  {
    name: 'solvers-no-method-imports-a-method',
    comment:
      'What two methods need sinks one floor. A method has its own files: x.ts, and x-….ts for tables and formulas.',
    severity: 'error',
    from: {
      path: '^packages/solvers/src/methods/([^/]+)/([^/]+?)(-(weights|presets|step|data|gradient))?\\.ts$',
      pathNot: notTests,
    },
    to: {
      path: '^packages/solvers/src/methods/[^/]+/',
      pathNot: ['^packages/solvers/src/methods/$1/$2\\.ts$', '^packages/solvers/src/methods/$1/$2-'],
    },
  },
  {
    name: 'solvers-only-the-catalog-knows-methods',
    comment:
      'No file of solvers but the lists of methods and of their presets, and what is public, names a method.',
    severity: 'error',
    from: {
      path: '^packages/solvers/src/',
      pathNot: [
        notTests,
        '^packages/solvers/src/methods/[^/]+/',
        '^packages/solvers/src/methods/(catalog|presets|index)\\.ts$',
      ],
    },
    to: { path: '^packages/solvers/src/methods/[^/]+/' },
  },
]

/** The rooms of packages/calibration/src and which of each other they may import, types included. */
const calibrationRooms = {
  ground: [], // types.ts, points.ts, json.ts
  posteriors: ['ground'],
  metrics: ['ground', 'posteriors'],
  rows: ['ground', 'posteriors'],
  problem: ['ground', 'posteriors', 'metrics', 'rows'],
  'run-file': ['ground', 'problem', 'rows'],
  images: ['ground', 'metrics'],
  em: ['ground'],
  levy: ['ground', 'posteriors'],
  digits: ['ground', 'posteriors', 'em'],
  suites: ['ground', 'posteriors', 'levy', 'digits'],
  measure: ['ground', 'posteriors', 'metrics', 'rows', 'suites'],
  check: ['ground', 'posteriors', 'metrics', 'rows', 'suites', 'measure'],
  tune: ['ground', 'posteriors', 'metrics', 'rows', 'suites', 'measure'],
}
const calibrationRoom = (name) =>
  name === 'ground'
    ? '^packages/calibration/src/(types|points|json|numbers)\\.ts$'
    : `^packages/calibration/src/${name}/`

const calibration = Object.entries(calibrationRooms).map(([name, below]) => ({
  name: `calibration-${name}-imports-${below.join('-') || 'nothing'}`,
  comment: `packages/calibration/src: ${name} may import ${below.join(', ') || 'no other room'}`,
  severity: 'error',
  from: { path: calibrationRoom(name), pathNot: notTests },
  to: { path: '^packages/calibration/src/', pathNot: [name, ...below].map(calibrationRoom) },
}))

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...direction,
    ...wasmRooms,
    ...unet,
    ...solvers,
    ...calibration,
    {
      name: 'no-relative-import-of-another-package',
      comment: 'Import @tweedie/NAME, never ../../NAME/src: only what a package exports is its contract.',
      severity: 'error',
      from: { path: '^(packages/[^/]+|tests)/' },
      to: { path: '^packages/', pathNot: '^$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'no-cycle',
      comment: 'Files must not import each other in a circle.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-cycle-of-types',
      comment:
        'Nor by their types. The class Tensor is exempt: its methods are the ops, and the ops take and give it, so ' +
        'that below the class it is a type (ARCHITECTURE.md).',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { pathNot: '^packages/tensor/src/tensor\\.ts$' } },
    },
    {
      name: 'no-unresolvable',
      comment: 'The import resolves to nothing: a typo, a missing export or a missing dependency.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^virtual:' }, // modules that the page's build makes
    },
    {
      name: 'no-undeclared-dependency',
      comment: "The npm package is not in this package's package.json.",
      severity: 'error',
      from: { path: '^packages/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-dev-dependency-at-run-time',
      comment:
        'Published code imports a devDependency: move it to dependencies. (bench measures peers: exempt.)',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: ['^packages/bench/', '\\.test\\.(helper\\.)?ts$'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm-peer'] },
    },
    {
      name: 'no-test-import',
      comment: 'Code must not import a test file.',
      severity: 'error',
      from: { pathNot: '\\.test\\.(helper\\.)?ts$' },
      to: { path: '\\.test\\.(helper\\.)?ts$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|out|site|\\.doc-examples|fixtures)/' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
}
