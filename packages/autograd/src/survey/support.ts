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
import { drawFrom, merge, randomCall } from './calls.ts'

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

/** All primitives, other than views, that a call and its derivatives up to an order are made of. */
function reached(primitive: PrimitiveName, order: Order): Set<PrimitiveName> {
  const seen = new Set<PrimitiveName>()
  const note: Interpreter = {
    run: (name, inputs, params, level) => {
      if (primitives[name].view !== true) seen.add(name)
      return dispatchAt(level, name, inputs, params)
    },
  }
  for (let seed = 0; seed < draws; seed++) {
    scope(() => {
      const { inputs, params } = randomCall(primitive, drawFrom(seed, 'float32', 'reference'))
      const call = (primitive === 'cast' ? { dtype: 'float32' } : params) as typeof params
      const floats = inputs.filter(({ dtype }) => isFloat(dtype))
      const f = (...xs: Tensor[]) => dispatch(primitive, merge(inputs, xs), call)
      interpreting(note, () => {
        const y = f(...floats)
        if (order === 0 || !isFloat(y.dtype)) return
        const gradient = (...xs: Tensor[]) => vjp(f, ...xs)[1](onesLike(y))
        const apply = (g: (...xs: Tensor[]) => Tensor | Tensor[]) => jvp(g, floats, floats)
        apply(f)
        if (order === 1) gradient(...floats)
        else {
          apply(gradient)
          vjp(gradient, ...floats)[1](floats)
          apply((...xs) => jvp(f, xs, floats)[1])
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
  return typeof rule.jvp === 'function' ? 'formula' : rule.jvp
}

/**
 * The table of the primitives in Markdown: how each is differentiated, and on which devices its value, its
 * first and its second derivatives run. It follows from what the derivatives call when they are run.
 */
export function supportTable(
  devices: readonly DeviceSupport[],
  names: readonly PrimitiveName[] = primitiveNames,
): string {
  const head = [
    'primitive',
    'derivative',
    ...devices.flatMap(({ name }) => orders.map((k) => `${name} ${k}`)),
  ]
  const rows = names.map((primitive) => {
    const needed = orders.map((order) => reached(primitive, order))
    const isConstant = rules[primitive].kind === 'constant'
    const cells = devices.flatMap((device) =>
      orders.map((order) => (isConstant && order > 0 ? '0' : cell(device, needed[order]!))),
    )
    return [`\`${primitive}\``, derivative(primitive), ...cells]
  })
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = head.map((_, i) => (i < 2 ? '---' : ':-:'))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

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
