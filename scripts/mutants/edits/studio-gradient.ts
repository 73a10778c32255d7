import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const room = editsOf('packages/studio/page/rooms/gradient')
const autograd = editsOf('packages/autograd/src')

const calls = autograd('watch-calls.ts', 'watch')
const watch = autograd('watch.ts', 'watch')
const chain = room('engine/chain.ts', 'engine/chain')
const live = room('engine/live.ts', 'engine/chain')
const step = room('engine/step.ts', 'engine/step')
const state = room('engine/state.ts', 'engine/step')
const blocks = room('engine/blocks.ts', 'engine/step')
const layout = room('layout.ts', 'layout')
const graph = room('graph.ts', 'view')
const curve = room('curve.ts', 'view')
const words = room('words.ts', 'view')
const montage = room('montage.ts', 'view')

/** The Studio's gradient, and what autograd tells of a tape: bytes, times, blocks, the graph, memory over time. */
export const studioGradientEdits: readonly Edit[] = [
  calls(
    'studio-gradient-own-once',
    'counted.add(storage)',
    'counted.size',
    'what two calls keep is counted twice',
  ),
  calls(
    'studio-gradient-own-constant',
    'made.has(storage) || !living(storage)',
    'made.has(storage)',
    'a constant that the function made is nobody’s',
  ),
  calls(
    'studio-gradient-own-weights',
    'made.has(storage) || !living(storage)',
    'true',
    'weights, which live anyway, are counted as the tape’s',
  ),
  calls(
    'studio-gradient-own-call',
    'const from = Object.hasOwn(rules, node.name) ? last : before + 1',
    'const from = last',
    'a call with ways of its own takes the time of its last primitive alone',
  ),
  calls(
    'studio-gradient-primitive',
    'const from = Object.hasOwn(rules, node.name) ? last : before + 1',
    'const from = before + 1',
    'a primitive is charged with what ran before it',
  ),
  watch(
    'studio-gradient-cotangent',
    '[cotangent ?? onesLike(value)]',
    '[onesLike(value)]',
    'the cotangent that is given is not used',
  ),
  live(
    'studio-gradient-live',
    'bytes.push(memory().bytes - before)',
    'bytes.push(memory().bytes)',
    'the curve has what was there before',
  ),
  live(
    'studio-gradient-live-after',
    'const out = dispatchAt(level, primitive, inputs, params)\n    look()',
    'look()\n    const out = dispatchAt(level, primitive, inputs, params)',
    'memory is looked at before a call, not after it',
  ),
  chain(
    'studio-gradient-loss',
    'operator.forward(x).sub(y).square().sum()',
    'operator.forward(x).sub(y).square().mean()',
    'the gradient is of the mean over the measurement',
  ),
  chain(
    'studio-gradient-step',
    '[times.indexOf(t), isTracked(x)]',
    '[evaluations.length, isTracked(x)]',
    'an evaluation is numbered, not told by its time: what runs again looks like a further step',
  ),
  step(
    'studio-gradient-norm',
    'y.sub(clean).square().sum().sqrt()',
    'y.sub(clean).square().sum()',
    'the gradient is of the square, without the norm',
  ),
  step(
    'studio-gradient-fastest',
    'forward: least(({ nodes }) => nodes[k]?.forward)',
    'forward: node.forward',
    'the last look’s times are told for the least',
  ),
  state(
    'studio-gradient-state',
    'looks++ === i',
    'looks++ === i + 1',
    'the state after the step is taken for the one before',
  ),
  state(
    'studio-gradient-zeta',
    '(zeta * found) / steps',
    'zeta',
    'ζ is that of a hundred steps at any number of them',
  ),
  blocks(
    'studio-gradient-concat',
    "nodes[k]?.op === 'concat' || ",
    '',
    'what joins a skip belongs to the block before',
  ),
  blocks(
    'studio-gradient-formula',
    'k > last ? formula',
    'k >= last ? formula',
    'the last convolution is taken for Tweedie’s formula',
  ),
  layout(
    'studio-gradient-layers',
    '1 + Math.max(-1, ...above)',
    '1 + Math.min(...above, 99)',
    'a call stands below the first that it needs, not the last',
  ),
  layout(
    'studio-gradient-tracks',
    'one.from < to && from < one.to',
    'one.from < to && from > one.to',
    'edges that go by at once share a track',
  ),
  layout(
    'studio-gradient-gutter',
    'rows.slice(from, to + 1)',
    'rows.slice(from, from + 1)',
    'an edge goes through what stands further left',
  ),
  graph(
    'studio-gradient-lane',
    'Math.log2(widest / (shape[3] ?? 1))',
    'Math.log2(widest / (shape[1] ?? 1))',
    'a block stands where its channels put it',
  ),
  curve(
    'studio-gradient-peak',
    'most = Math.max(most, bytes[k] ?? 0)',
    'most = bytes[k] ?? 0',
    'of a part of the time the last is shown, and a peak is lost',
  ),
  chain(
    'studio-gradient-back',
    'if (inputs.some(isTracked)) return',
    '',
    'what goes on after an evaluation is taken for its way back',
  ),
  curve(
    'studio-gradient-log',
    '(Math.log(most) - Math.log(least))',
    'Math.log(most - least)',
    'heights are no logarithms',
  ),
  words(
    'studio-gradient-bits',
    'if (p?.[i] === q?.[i]) continue',
    'if (a[i] === b[i]) continue',
    'zeros of both signs count as the same bits',
  ),
  montage(
    'studio-gradient-tiles',
    'const within = i % (height * width)',
    'const within = i % width',
    'every tile is its first row',
  ),
]
