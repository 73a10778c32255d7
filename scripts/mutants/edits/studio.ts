import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const page = editsOf('packages/studio/page')

const law = page('rooms/plane/law.ts', 'rooms/plane/law')
const lens = page('rooms/plane/lens.ts', 'rooms/plane/lens')
const contours = page('rooms/plane/contours.ts', 'rooms/plane/geometry')
const view = page('rooms/plane/view.ts', 'rooms/plane/geometry')
const moments = page('rooms/plane/moments.ts', 'rooms/plane/moments')
const guidance = page('rooms/plane/engine/guidance.ts', 'rooms/plane/engine/engine')
const frames = page('rooms/plane/engine/run.ts', 'rooms/plane/engine/engine')
const numbers = page('rooms/plane/engine/numbers.ts', 'rooms/plane/engine/engine')
const url = page('state/url.ts', 'state/url')

/** The Studio: laws in plain numbers, what is drawn of them, runs as frames, the state in the address. */
export const studioEdits: readonly Edit[] = [
  law(
    'studio-law-evidence',
    '(r ** 2 / s + Math.log(2 * Math.PI * s)) / 2)\n    return {',
    'r ** 2 / s / 2)\n    return {',
    'components count by their distance alone, not by how wide they are',
  ),
  law(
    'studio-law-given-scale',
    'x: x + alpha * (xx * wx + xy * wy),',
    'x: x + (xx * wx + xy * wy),',
    'the gain of x₀ given x_t leaves out α',
  ),
  law(
    'studio-law-noised',
    'xy: alpha ** 2 * xy,',
    'xy: alpha * xy,',
    'the covariance of a noised law is not scaled',
  ),
  lens(
    'studio-lens-exact',
    'return [ax - bx, ay - by]',
    'return [ax, ay]',
    'the exact guidance is the whole score of the posterior',
  ),
  lens(
    'studio-lens-angle',
    'gy * ex - gx * ey, gx * ex + gy * ey',
    'gx * ex + gy * ey, gy * ex - gx * ey',
    'the angle is that to the normal',
  ),
  contours(
    'studio-contours-mass',
    'mass >= part * total',
    'mass >= part',
    'regions of mass take the sum of the grid for 1',
  ),
  contours(
    'studio-contours-case',
    '[[2, 1]],',
    '[[2, 0]],',
    'one of the sixteen cells is cut at the wrong edge',
  ),
  view('studio-view-up', 'height / 2 - y * scale,', 'height / 2 + y * scale,', 'y points down'),
  view(
    'studio-view-turn',
    'Math.atan2(y, x) - Math.acos',
    'Math.atan2(y, x) + Math.acos',
    'a stripe turns to the other side',
  ),
  moments(
    'studio-moments-way',
    'own = frame.population?.ancestors[own] ?? own',
    'own = frame.population?.ancestors[index] ?? own',
    'a way goes through the ancestors of the last particle only',
  ),
  guidance(
    'studio-guidance-scale',
    'tweedie / countOfX0(schedule, t, s, eta)',
    'tweedie',
    'a displacement of x_s is taken for one of x₀',
  ),
  guidance(
    'studio-guidance-next',
    '[path[index], path[index + 1]]',
    '[path[index], path[index + 2]]',
    'a step is taken for one twice as far',
  ),
  frames('studio-frames-start', '.mul(sigma).dataSync()', '.dataSync()', 'x_T is shown without its scale'),
  numbers(
    'studio-numbers-coverage',
    'log >= threshold',
    'log < threshold',
    'the part outside is told for the part inside',
  ),
  url(
    'studio-url-default',
    'text === field.write(field.default) ? []',
    "text === '' ? []",
    'defaults stand in every address',
  ),
]
