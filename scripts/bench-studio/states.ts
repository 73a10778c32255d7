/** What is measured of the Studio: a state, in the words of its address. */
export interface State {
  readonly room: 'plane' | 'digits'
  readonly title: string
  readonly query: string
}

export const states: readonly State[] = [
  {
    room: 'plane',
    title: 'plane, DPS, 1,000 particles × 200 steps',
    query: 'n=1000&a=dps:steps=200&b=none',
  },
  {
    room: 'plane',
    title: 'plane, DPS and TMPD, 1,000 × 100 each',
    query: 'n=1000&a=dps:steps=100&b=tmpd:steps=100',
  },
  {
    room: 'digits',
    title: 'digits, DPS twice, 100 steps, one sample each',
    query: 'n=1&a=dps:steps=100,scale=1.2&b=dps:steps=100,scale=1',
  },
  {
    room: 'digits',
    title: 'digits, DPS 100 steps and DiffPIR 40, four samples each',
    query: 'n=4&a=dps:steps=100,scale=1.2&b=diffpir:steps=40',
  },
]
