import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const room = editsOf('packages/studio/page/rooms/digits')

const pixels = room('pixels.ts', 'pixels')
const problem = room('engine/problem.ts', 'engine/engine')
const runs = room('engine/run.ts', 'engine/engine')
const moments = room('moments.ts', 'moments')
const strokes = room('strokes.ts', 'strokes')
const animation = room('animation.ts', 'export')
const trace = room('trace.ts', 'export')

/** The Studio's digits: pictures in the address, the measurement, what a step shows, strokes, files. */
export const studioDigitsEdits: readonly Edit[] = [
  pixels(
    'studio-digits-run',
    'run < shortest + topLevel',
    'run <= shortest + topLevel',
    'a run is one longer than a letter can count',
  ),
  pixels(
    'studio-digits-mask-bits',
    '>> (i % 6)) & 1',
    '>> (i % 5)) & 1',
    'the bits of a mask are read at other places',
  ),
  problem(
    'studio-digits-mask',
    '(pixel) => 1 - pixel',
    '(pixel) => pixel',
    'what is hidden is measured, and the rest is not',
  ),
  problem('studio-digits-greys', '(grey) => grey / 255', '(grey) => grey / 256', 'white is not 1'),
  problem(
    'studio-digits-measurement-seed',
    'measurementKey(seed)',
    'measurementKey(0)',
    'every seed has the same noise in its measurement',
  ),
  runs(
    'studio-digits-predicted',
    'operator.display(operator.forward(x0hat))',
    'operator.display(operator.forward(x))',
    'what is shown of A x̂₀ is of the state',
  ),
  moments(
    'studio-digits-std',
    'return Math.sqrt(average(',
    'return (average(',
    'the variance is shown for the deviation',
  ),
  strokes(
    'studio-digits-ink',
    'Math.max(before, Math.round(share * topLevel))',
    'Math.round(share * topLevel)',
    'the soft edge of a dab wipes what was drawn',
  ),
  animation(
    'studio-digits-crc',
    'crcOf(out.subarray(4,',
    'crcOf(out.subarray(8,',
    'the checksum leaves out the type',
  ),
  trace(
    'studio-digits-trace',
    'values.set(data, i * each)',
    'values.set(data, 0)',
    'every step is written over the first',
  ),
]
