import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const src = 'packages/tensor/src'
const philox = editsOf(src)('wasm/draw/philox.ts', 'wasm/draw')
const boxMuller = editsOf(src)('wasm/draw/box-muller.ts', 'wasm/draw')
const kernels = editsOf(src)('wasm/draw/kernels.ts', 'wasm/draw')
const random = editsOf(src)('random/random.ts', 'wasm/draw')

/** The normals of the wasm device. */
export const drawEdits: readonly Edit[] = [
  philox('draw-philox-rounds', 'const rounds = 10', 'const rounds = 9', 'Philox with nine rounds'),
  philox('draw-philox-key', '0xbb67ae85, r', '0xbb67ae86, r', 'the second key grows by another number'),
  philox('draw-philox-words', 'f.vector(q.low),\n', 'f.vector(p.low),\n', 'a word of the other product'),
  boxMuller('draw-log-tail', '-1.333333333515997', '-1.333333334515997', 'a coefficient of the logarithm'),
  boxMuller('draw-sine-tail', '0.008333333325277265', '0.008333333425277265', 'a coefficient of the sine'),
  boxMuller('draw-quarter', 'f.f64(-quarterLow)', 'f.f64(quarterLow)', 'π/2 to 33 bits only'),
  boxMuller('draw-cosine-sign', 'sign(i64x2.add(k, one))', 'sign(k)', 'the sign of the cosine'),
  boxMuller('draw-octave', 'f.f64(units + 33)', 'f.f64(units + 32)', 'the radius of words twice as large'),
  boxMuller('draw-doubt', 'const doubt = 2 ** 11', 'const doubt = 2 ** 8', 'doubts end short of the error'),
  boxMuller('draw-doubt-half', '.reduce((a, b) => v128.or(a, b))', '[0]!', 'only cosines are ever in doubt'),
  boxMuller(
    'draw-doubts-second',
    'halves.map(near)',
    'halves.slice(0, 2).map(near)',
    'half of the doubts are not told',
    { tests: [`${src}/wasm/draw`, `${src}/random`] },
  ),
  kernels('draw-counters', '[counter!, 4]', '[counter!, 8]', 'every second turn is left out'),
  kernels('draw-stretch', 'at - key * perKey', 'at', 'later keys draw from further on in their stream'),
  kernels(
    'draw-listed',
    'first + from, first + to',
    'from, to',
    'what is beyond the first list is drawn into the first numbers again',
  ),
  random('draw-left', 'drawn ?? whole', 'drawn === undefined ? whole : []', 'what is left is not drawn'),
]
