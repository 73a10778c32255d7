import type { Layer } from './fields.ts'

/** The layers as a visitor turns them on. */
export const layerChoices: readonly { value: Layer; title: string; about: string; colour?: string }[] = [
  { value: 'prior', title: 'Prior', about: 'The law of xₜ before the measurement, shaded', colour: 'prior' },
  {
    value: 'exact',
    title: 'Exact posterior',
    about: 'Lines about 50 % and 90 % of the exact law at this time',
    colour: 'exact',
  },
  { value: 'particles', title: 'Particles', about: 'What the methods have made so far' },
  {
    value: 'guidance',
    title: 'Guidance',
    about: 'Arrows: what moves x̂₀ toward y, by the method and exactly',
  },
  {
    value: 'error',
    title: 'Its error',
    about: 'Where the guidance is wrong: redder is worse',
    colour: 'bad',
  },
  {
    value: 'cloud',
    title: 'Cloud',
    about: 'What x₀ may be at the xₜ under the pointer, and what the method takes it for',
  },
  { value: 'handles', title: 'Handles', about: 'What can be dragged' },
]
