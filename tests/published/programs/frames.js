import { run } from '@tweedie/solvers'
import { matmul, normal, randomKey } from '@tweedie/tensor'

/** Steps that end when somebody else ends them. */
async function* endless() {
  const x = normal(randomKey(1), [64, 64])
  for (;;) {
    matmul(x, x).dispose()
    yield 0
  }
}

/** Whether a page paints three frames while a run that breathes goes on. */
export async function frames() {
  const controller = new AbortController()
  let painted = 0
  const paint = () => {
    if (++painted === 3) controller.abort('painted')
    else requestAnimationFrame(paint)
  }
  requestAnimationFrame(paint)
  return run(endless(), { breathe: true, signal: controller.signal }).catch(String)
}
