import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const solvers = editsOf('packages/solvers/src')
const preset = solvers('methods/preset.ts', 'methods/preset')
const presets = solvers('methods/presets.ts', 'methods/preset')
const fit = solvers('methods/fit.ts', 'methods/preset')
const runs = editsOf('packages/runs/src')
const facts = runs('facts/methods.ts', 'facts')
const operators = runs('facts/operators.ts', 'facts')
const bench = editsOf('packages/bench/src')('methods.ts', 'methods')
const shares = editsOf('packages/bench/src')('markdown.ts', 'bench')
const networks = editsOf('packages/bench/src')('cases/networks.ts', 'bench')
const restoring = editsOf('packages/cli/src')('commands/restore/perform.ts', 'runs')
const cli = editsOf('packages/cli/src')
const resolve = cli('resolve.ts', 'runs', 'cli')
const methods = cli('commands/methods.ts', 'cli')

/** What is told of methods and operators, and presets on the command line. */
export const factEdits: readonly Edit[] = [
  presets(
    'preset-first',
    'preset.name === wanted',
    'preset.name.startsWith(wanted)',
    'part of a name finds a preset',
  ),
  preset('preset-cost', "cost.includes('vjp') ? 'V'", "cost.includes('svd') ? 'V'", 'costs are told wrongly'),
  fit(
    'fit-last',
    'if (why !== undefined) return { need, why }',
    'if (why === undefined) return undefined',
    'the first need that is met ends the check',
  ),
  facts(
    'facts-laws',
    "['sigma', 'likelihood', 'inverse'].includes(need)",
    "['sigma', 'inverse'].includes(need)",
    'a likelihood counts as there for every noise',
  ),
  facts(
    'facts-any',
    'laws.length === noises.names.length',
    'laws.length > 0',
    'every method takes any noise',
  ),
  facts(
    'facts-itself',
    'name === error.method ? [] : [name]',
    '[name]',
    'a method that does not fit is suggested',
  ),
  operators(
    'facts-svd',
    'svd: linear && operator.svd !== undefined',
    'svd: linear',
    'every linear operator has an SVD',
  ),
  operators(
    'facts-gradient',
    'operator.differentiable !== false',
    'operator.differentiable === true',
    'operators without a word have no gradient',
  ),
  operators(
    'facts-fits',
    'operator !== undefined && laws.some',
    'operator !== undefined || laws.some',
    'every method takes every operator',
  ),
  resolve(
    'preset-over',
    '{ ...preset.settings, ...settings }',
    '{ ...settings, ...preset.settings }',
    'a preset overrides what is said',
  ),
  resolve(
    'preset-of-other',
    'wanted.method !== undefined && wanted.method !== name',
    'false',
    'a preset of another method is looked for in this one',
  ),
  resolve(
    'preset-note-noise',
    'inFull(noises, preset.noise) === inFull(noises, noiseText(noise))',
    'true',
    'a preset for another noise is taken without a word',
  ),
  resolve(
    'preset-note-options',
    'inFull(operators, preset.operator) === inFull(operators, operator)',
    'preset.operator === operator',
    'a preset for sr:4 is said to be for something else than sr',
  ),
  methods('methods-nonlinear', 'yes(row.nonlinear)', 'yes(!row.nonlinear)', 'the table says the contrary'),
  restoring(
    'restore-advice',
    '...presetNotes(chosen, { operator, noise }), ...advice',
    '...presetNotes(chosen, { operator, noise })',
    'what a method says of its options is not told',
  ),
  bench(
    'profile-back',
    '() => this.backs.get(output.storage)?.(dy, { retain: true }) ?? at.map(() => undefined),',
    '() => { const began = this.now(); const back = this.backs.get(output.storage)?.(dy, { retain: true }); this.spent[part] -= this.now() - began; return back ?? [undefined] },',
    'the way back counts for the method',
  ),
  bench(
    'profile-decoder',
    'decode: map((z) => autoencoder.decode(z)),',
    'decode: (z) => autoencoder.decode(z),',
    'the decoder counts for the method',
  ),
  bench(
    'profile-stage',
    '...(stage.prior && { prior: timedPrior(clock, stage.prior) }),',
    '...(stage.prior && { prior: stage.prior }),',
    'the prior of a stage counts for the method',
  ),
  shares(
    'step-share-engine',
    'r.engine === engine && r.case !== stepNetwork.name',
    'r.case !== stepNetwork.name',
    'operators of one engine are set against the network of another',
  ),
  networks(
    'step-network',
    'channelMult: [1, 1, 2, 2, 4, 4]',
    'channelMult: [1, 1, 2, 2, 4, 8]',
    'another network',
  ),
  bench(
    'profile-followed',
    'inputs.filter(isTracked)',
    '(inputs.some(isTracked) ? [...inputs] : [])',
    'the way back goes to inputs that no tape follows',
  ),
  bench(
    'profile-unknown',
    "apply: clock.map('operator', (x: Tensor, phi: Tensor) => blind.apply(x, phi)),",
    'apply: (x: Tensor, phi: Tensor) => blind.apply(x, phi),',
    'what leaves something unknown counts for the method',
  ),
  bench(
    'profile-freed',
    'for (const back of this.backs.values()) back.dispose()',
    '',
    'the tapes of a profile stay in memory',
  ),
  bench(
    'profile-adjoint',
    'adjoint: map((y) => operator.adjoint(y))',
    'adjoint: (y) => operator.adjoint(y)',
    'the adjoint counts for the method',
  ),
  bench(
    'profile-rest',
    'rest: 1 - inPrior - inOperator',
    'rest: 1 - inPrior',
    'the operator counts for the method as well',
  ),
  bench('profile-bar', 'rest > restBar', 'rest >= restBar', 'what is at the bar has a star'),
]
