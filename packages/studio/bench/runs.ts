import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadPrior } from '@tweedie/runs/node'
import type { Ground } from '../page/rooms/digits/engine/problem.ts'
import { heldOutOf } from '../page/rooms/digits/engine/problem.ts'
import { runDigits } from '../page/rooms/digits/engine/run.ts'
import { fields as digitFields } from '../page/rooms/digits/fields.ts'
import { problemIn } from '../page/rooms/digits/problem-in.ts'
import { runPlane } from '../page/rooms/plane/engine/run.ts'
import { lawIn, fields as planeFields, stripeIn } from '../page/rooms/plane/fields.ts'
import { readState } from '../page/state/url.ts'

/** What is run: a state of a room, in the words of its address. */
interface State {
  readonly room: 'plane' | 'digits'
  readonly query: string
}

/** Seconds of a run, by the clock and of processors. */
interface Spent {
  readonly wall: number
  readonly processor: number
}

const never = new AbortController().signal
let ground: Promise<Ground> | undefined

const groundOf = (): Promise<Ground> => {
  ground ??= loadPrior('digits').then((prior) => {
    const path = join(import.meta.dirname, '../page/rooms/digits/held-out.idx')
    return { prior, heldOut: heldOutOf(readFileSync(path)) }
  })
  return ground
}

/** Both methods of a state, one after the other, watched by nobody. */
async function runs({ room, query }: State): Promise<void> {
  if (room === 'plane') {
    const { values } = readState(planeFields, query)
    const plane = { law: lawIn(values), stripe: stripeIn(values) }
    for (const method of [values.a, values.b].filter((text) => text !== 'none'))
      await runPlane({ plane, method, count: values.n, seed: values.seed }, never, () => {})
    return
  }
  const { values } = readState(digitFields, query)
  for (const method of [values.a, values.b].filter((text) => text !== 'none'))
    await runDigits(
      { problem: problemIn(values), method, count: values.n, seed: values.seed },
      await groundOf(),
      never,
      () => {},
    )
}

/** The runs of a state in this process. */
async function inNode(state: State): Promise<Spent> {
  if (state.room === 'digits') await groundOf()
  const [began, before] = [performance.now(), process.cpuUsage()]
  await runs(state)
  const { user, system } = process.cpuUsage(before)
  return { wall: (performance.now() - began) / 1e3, processor: (user + system) / 1e6 }
}

// As a process of its own: a state comes as a message, what it has taken goes back.
process.on('message', (state: State) => void inNode(state).then((spent) => process.send?.(spent)))
