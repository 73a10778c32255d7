// Reverse mode from nothing: the engine of @tweedie/autograd, rebuilt small enough to read in one sitting, and checked
// against the real one. Run: node examples/04-micro-engine.ts
import { grad } from '@tweedie/autograd'
import type { Interpreter, PrimitiveName, Tensor } from '@tweedie/tensor'
import {
  dispatch,
  dispatchAt,
  fullLike,
  normal,
  pushInterpreter,
  randomKey,
  removeInterpreter,
  scope,
  sumTo,
  tanh,
} from '@tweedie/tensor'

// 1. Every call of a primitive passes through one door, `dispatch`, which asks the innermost interpreter what it means.
//    Ours lets it mean what it meant before, and writes the call down. So the function we differentiate is plain code:
//    it sees plain tensors and knows nothing of us.
type Params = { scale: number; axes: readonly number[] } // of the primitives that have them
type Call = { primitive: PrimitiveName; inputs: readonly Tensor[]; out: Tensor; params: Params }

class Tape implements Interpreter {
  readonly calls: Call[] = []
  readonly run: Interpreter['run'] = (primitive, inputs, params, level) => {
    const out = dispatchAt(level, primitive, inputs, params) // really compute it, one level further down
    // An alias is a handle of our own: the values live on here when the function's own handles are gone.
    const saved = inputs.map((x) => x.alias())
    this.calls.push({ primitive, inputs: saved, out: out.alias(), params: params as unknown as Params })
    return out
  }
}

// 2. The chain rule, one primitive at a time. With L the scalar at the end and y = p(x₁, x₂, …), a rule is given
//    dy = ∂L/∂y and returns ∂L/∂xᵢ for each i: the transposed Jacobian of p, applied to dy, without ever writing the
//    Jacobian down. Because the rules are made of tensor ops, they can be differentiated in turn.
type Rule = (dy: Tensor, inputs: readonly Tensor[], call: Call) => Tensor[]
const rules: Partial<Record<PrimitiveName, Rule>> = {
  add: (dy) => [dy, dy],
  sub: (dy) => [dy, dy.neg()],
  mul: (dy, [a, b]) => [dy.mul(b!), dy.mul(a!)],
  neg: (dy) => [dy.neg()],
  affine: (dy, _, { params }) => [dy.mul(params.scale)], // y = scale·x + shift
  tanh: (dy, _, { out }) => [dy.mul(out.square().neg().add(1))], // from the result: x need not be remembered
  matmul: (dy, [a, b]) => [dy.matmul(b!.transpose()), a!.transpose().matmul(dy)],
  transpose: (dy) => [dy.transpose()], // of a matrix
  reshape: (dy, [x]) => [dy.reshape(x!.shape)],
  broadcastTo: (dy, [x]) => [sumTo(dy, x!.shape)],
  reduceSum: (dy, [x], { params }) => {
    const kept = x!.shape.map((extent, axis) => (params.axes.includes(axis) ? 1 : extent))
    return [dy.reshape(kept).broadcastTo(x!.shape)]
  },
}

/** The gradient of a scalar function of a list of tensors. */
function microGrad(f: (xs: readonly Tensor[]) => Tensor): (xs: readonly Tensor[]) => Tensor[] {
  return (xs) =>
    scope(() => {
      // 3. Forwards, with the tape listening. The arguments get new names first, so that the same tensor reached by
      //    another way (a closure) is a constant. A reshape to the same shape is such a name, and an outer tape hears it.
      const inputs = xs.map((x) => dispatch('reshape', [x], { shape: x.shape }))
      const tape = new Tape()
      pushInterpreter(tape)
      const loss = f(inputs)
      removeInterpreter(tape)
      // 4. Backwards. Calls stand on the tape in the order in which they were made, so when we come to one from the
      //    end, everything that used its result has been passed: its gradient is complete. A value used twice has the
      //    sum of both. `Tensor.id` names values. The tape is off the door now, but the tape of an outer gradient may
      //    be listening, and then it hears this walk as ordinary calls: that is all there is to second derivatives.
      const gradients = new Map<number, Tensor>([[loss.id, fullLike(loss, 1)]])
      for (const call of tape.calls.reverse()) {
        const dy = gradients.get(call.out.id)
        if (dy === undefined) continue // nothing downstream depends on this call
        const rule = rules[call.primitive]
        if (rule === undefined) throw new Error(`micro-engine: no rule for ${call.primitive}`)
        rule(dy, call.inputs, call).forEach((dx, i) => {
          const { id, shape } = call.inputs[i]!
          // 5. An input that was stretched by broadcasting is used once per copy: its gradient is the sum over them.
          const fitted = sumTo(dx, shape)
          const before = gradients.get(id)
          gradients.set(id, before === undefined ? fitted : before.add(fitted))
        })
      }
      for (const { inputs, out } of tape.calls) for (const handle of [...inputs, out]) handle.dispose()
      return inputs.map((x) => gradients.get(x.id) ?? x.mul(0))
    })
}

// The check: a small network with a bias that broadcasts and a value used twice, first and second derivatives.
const draw = (name: string, shape: number[]) => normal(randomKey(4).fold(name), shape, { dtype: 'float64' })
const [x, y, direction] = [draw('x', [5, 3]), draw('y', [5, 2]), draw('direction', [3, 4])]
const params = [draw('w1', [3, 4]), draw('b1', [4]), draw('w2', [4, 2])]
const network = ([w1, b1, w2]: readonly Tensor[]) => {
  const hidden = tanh(x.matmul(w1!).add(b1!))
  return hidden.mul(hidden).matmul(w2!).sub(y).square().sum()
}
const first = (gradient: typeof microGrad) => gradient(network)
const second = (gradient: typeof microGrad) => gradient((p) => gradient(network)(p)[0]!.mul(direction).sum())

const real: typeof microGrad = (f) => (xs) => [...grad(f)(xs)]
let worst = 0
for (const [name, of] of Object.entries({ first, second })) {
  const [ours, theirs] = [of(microGrad)(params), of(real)(params)]
  ours.forEach((g, i) => {
    const difference = Math.max(...g.sub(theirs[i]!).abs().dataSync())
    worst = Math.max(worst, difference)
    console.log(`${name} derivatives, parameter ${i} [${g.shape}]: differ by ${difference.toExponential(1)}`)
  })
}
if (!(worst < 1e-12)) throw new Error(`the micro-engine is wrong by ${worst}`)
console.log(`largest difference from @tweedie/autograd: ${worst.toExponential(1)}`)
