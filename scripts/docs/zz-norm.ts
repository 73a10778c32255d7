import { isLinear } from '@tweedie/solvers'
import { normal, randomKey, scope } from '@tweedie/tensor'
import { benchOf, openBenches, operatorOf, tasks } from './digits.ts'

const benches = await openBenches(1)
for (const task of tasks) {
  const operator = operatorOf(task, benchOf(benches, task))
  if (operator === undefined || !isLinear(operator)) continue
  let x = normal([randomKey(1)], operator.inShape)
  let n = 0
  for (let k = 0; k < 30; k++) {
    const next = operator.adjoint(operator.forward(x))
    n = Math.sqrt(next.square().sum().dataSync()[0]!)
    x = next.div(n)
  }
  console.log(task.name, '‖A‖²', n, 'm', operator.outShape)
}
