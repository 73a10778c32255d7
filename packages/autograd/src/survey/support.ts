import type { Interpreter, PrimitiveName, Tensor } from '@tweedie/tensor'
import {
  dispatch,
  dispatchAt,
  getDevice,
  isFloat,
  onesLike,
  primitiveNames,
  primitives,
  scope,
} from '@tweedie/tensor'
import { loadGpu } from '@tweedie/tensor/gpu'
import { interpreting } from '../interpreters.ts'
import { jvp } from '../jvp.ts'
import { rules } from '../rules/index.ts'
import { vjp } from '../vjp.ts'
import type { Draw } from './calls.ts'
import { drawFrom, merge, randomCall } from './calls.ts'
import type { OpCall, OpName } from './ops.ts'
import { opCalls } from './ops.ts'

/** The primitives a device has kernels of its own for, and whether it can run the others all the same. */
export interface DeviceSupport {
  readonly name: string
  readonly kernels: readonly PrimitiveName[]
  readonly fallback: boolean
}

/** The devices of this project. Those of gpu.js run the same kernels on WebGPU, on WebGL and here, on the processor. */
export async function shippedDevices(): Promise<DeviceSupport[]> {
  const gpu = await loadGpu({ backend: 'cpu' })
  const own = ['reference', 'wasm'].map((name) => ({
    name,
    kernels: getDevice(name).info().kernels,
    fallback: true,
  }))
  const all = [...own, { name: 'gpu', kernels: gpu.info().kernels, fallback: false }]
  await gpu.close()
  return all
}

/** Draws per primitive: enough that every branch of a rule is met. */
const draws = 8

type Order = 0 | 1 | 2
const orders: readonly Order[] = [0, 1, 2]

/** A random call as a function of its float tensors. */
type Subject = (draw: Draw) => OpCall

const subjectOf =
  <P extends PrimitiveName>(primitive: P): Subject =>
  (draw) => {
    const { inputs, params } = randomCall(primitive, draw)
    const call = (primitive === 'cast' ? { dtype: 'float32' } : params) as typeof params
    return {
      inputs: inputs.filter(({ dtype }) => isFloat(dtype)),
      run: (...xs) => dispatch(primitive, merge(inputs, xs), call),
    }
  }

/** All primitives, other than views, that a call and its derivatives up to an order are made of. */
function reached(subject: Subject, order: Order): Set<PrimitiveName> {
  const seen = new Set<PrimitiveName>()
  const note: Interpreter = {
    run: (name, inputs, params, level) => {
      if (primitives[name].view !== true) seen.add(name)
      return dispatchAt(level, name, inputs, params)
    },
  }
  for (let seed = 0; seed < draws; seed++) {
    scope(() => {
      const { inputs: floats, run: f } = subject(drawFrom(seed, 'float32', 'reference'))
      interpreting(note, () => {
        const y = f(...floats)
        if (order === 0 || !isFloat(y.dtype)) return
        const gradient = (...xs: Tensor[]) => vjp(f, ...xs)[1](onesLike(y))
        const apply = (g: (...xs: Tensor[]) => Tensor | Tensor[]) => jvp(g, [...floats], [...floats])
        apply(f)
        if (order === 1) gradient(...floats)
        else {
          apply(gradient)
          vjp(gradient, ...floats)[1]([...floats])
          apply((...xs) => jvp(f, xs, [...floats])[1])
        }
      })
    })
  }
  return seen
}

function cell({ kernels, fallback }: DeviceSupport, needed: ReadonlySet<PrimitiveName>): string {
  if ([...needed].every((name) => kernels.includes(name))) return '●'
  return fallback ? '○' : '–'
}

/** How a primitive is differentiated. */
function derivative(primitive: PrimitiveName): string {
  const rule = rules[primitive]
  if (rule.kind === 'constant') return `zero: ${rule.why}`
  if (rule.kind === 'composed') return 'its composition'
  return rule.jvp
}

/** The derivatives of a call in one row, as far as they are not zero. */
function row(name: string, how: string, subject: Subject, devices: readonly DeviceSupport[], zero: boolean) {
  const needed = orders.map((order) => reached(subject, order))
  const cells = devices.flatMap((device) =>
    orders.map((order) => (zero && order > 0 ? '0' : cell(device, needed[order]!))),
  )
  return [`\`${name}\``, how, ...cells]
}

/**
 * The table of the primitives in Markdown, or of the public ops made of them: how each is differentiated, and
 * on which devices its value, its first and its second derivatives run. It follows from what the derivatives
 * call when they are run.
 */
export function supportTable(
  devices: readonly DeviceSupport[],
  names: readonly PrimitiveName[] = primitiveNames,
): string {
  const rows = names.map((name) =>
    row(name, derivative(name), subjectOf(name), devices, rules[name].kind === 'constant'),
  )
  return table(['primitive', 'derivative'], devices, rows)
}

/** The same for public ops: which primitives each one consists of. */
export function opsTable(
  devices: readonly DeviceSupport[],
  names: readonly OpName[] = Object.keys(opCalls) as OpName[],
): string {
  const rows = names.map((name) => {
    const parts = [...reached(opCalls[name], 0)].map((part) => `\`${part}\``)
    return row(name, parts.join(' ') || 'a view', opCalls[name], devices, false)
  })
  return table(['op', 'made of'], devices, rows)
}

function table(
  titles: readonly string[],
  devices: readonly DeviceSupport[],
  rows: readonly (readonly string[])[],
): string {
  const head = [...titles, ...devices.flatMap(({ name }) => orders.map((k) => `${name} ${k}`))]
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = head.map((_, i) => (i < titles.length ? '---' : ':-:'))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

/** The whole of what stands between the marks of the page. */
export const supportPage = (devices: readonly DeviceSupport[]): string =>
  `${supportTable(devices)}\n\nThe public ops that are more than one primitive under its own name:\n\n${opsTable(devices)}`

const marks = (name: string) => [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`] as const

/** The part of a page between the marks of a table. */
export function tableIn(page: string, name = 'support table'): string {
  const [begin, end] = marks(name)
  return page.slice(page.indexOf(begin) + begin.length, page.indexOf(end)).trim()
}

/** The page with another table between the marks. */
export function withTable(page: string, table: string, name = 'support table'): string {
  const [begin, end] = marks(name)
  const [from, to] = [page.indexOf(begin) + begin.length, page.indexOf(end)]
  if (from < begin.length || to < from) throw new Error(`the page lacks '${begin}' … '${end}'`)
  return `${page.slice(0, from)}\n\n${table}\n\n${page.slice(to)}`
}
