import type { Edit } from '../edit.ts'
import { budgetEdits } from './csgm.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/autograd/src')

const elementwise = of('rules/elementwise.ts')
const reduce = of('rules/reduce.ts')
const move = of('rules/move.ts')
const contract = of('rules/contract.ts')
const epilogue = of('rules/epilogue.ts')
const fused = of('rules/fused.ts')
const tangents = of('rules/tangents.ts')
const attention = of('rules/attention.ts')
const engine = of('engine.ts')
const schedule = of('revolve-schedule.ts')
const adam = of('optim/adam.ts')
const sgd = of('optim/sgd.ts')
const rates = of('optim/schedules.ts')
const lbfgs = of('optim/lbfgs.ts')
const search = of('optim/line-search.ts')
const check = of('check.ts')
const average = of('optim/average.ts')

const rules: readonly Edit[] = [
  elementwise(
    'rule-tie',
    'mul(cast(equal(a, b), a.dtype), 0.5)',
    'cast(equal(a, b), a.dtype)',
    'a tie of two gives each the whole gradient',
  ),
  elementwise('rule-sqrt', 'mul(div(dy, y), 0.5)', 'div(dy, y)', 'the slope of the root lacks ½'),
  elementwise(
    'rule-rsqrt',
    'mul(mul(dy, pow(y, 3)), -0.5)',
    'mul(mul(dy, pow(y, 2)), -0.5)',
    'the slope of 1/√x',
  ),
  elementwise(
    'rule-tanh',
    "tanh: unary(['y'], ({ dy, y }) => mul(dy, sub(1, square(y))))",
    "tanh: unary(['y'], ({ dy, y }) => mul(dy, sub(1, y)))",
    'the slope of tanh',
  ),
  elementwise('rule-erf', '2 / Math.sqrt(Math.PI)', '1 / Math.sqrt(Math.PI)', 'the slope of erf is halved'),
  elementwise(
    'rule-clamp-edge',
    'lessEqual(params.min, x(0))',
    'lessEqual(params.max, x(0))',
    'the lower end of clamp',
  ),
  elementwise(
    'rule-div-sign',
    'neg(div(mul(dy, y), x(1)))',
    'div(mul(dy, y), x(1))',
    'the gradient in the divisor has the wrong sign',
  ),
  elementwise(
    'rule-div-scalar',
    'divScalar: unary([], ({ dy, params }) => div(dy, params.divisor))',
    'divScalar: unary([], ({ dy, params }) => mul(dy, params.divisor))',
    'the gradient of x/b is multiplied by b',
  ),
  elementwise(
    'rule-pow-flat',
    'where(flat, 0, mul(dy, mul(b, pow(where(flat, 1, a), sub(b, 1)))))',
    'mul(dy, mul(b, pow(a, sub(b, 1))))',
    "pow's gradient in the base is NaN at 0⁰",
  ),
  elementwise(
    'rule-pow-branch',
    'where(flat, 0, mul(dy, mul(b, pow(where(flat, 1, a)',
    'where(flat, 0, mul(dy, mul(b, pow(where(flat, 0, a)',
    "the branch not taken of pow's gradient has gradients of ∞",
  ),
  elementwise(
    'rule-pow-exponent',
    'where(flat, 0, mul(dy, mul(y, log(where(flat, 1, a)))))',
    'mul(dy, mul(y, log(a)))',
    "pow's gradient in the exponent is NaN at a base of 0",
  ),
  elementwise(
    'rule-pow-exponent-sign',
    'logicalAnd(equal(a, 0), lessEqual(0, b))',
    'logicalAnd(equal(a, 0), less(0, b))',
    "pow's gradient in the exponent of 0⁰ is −∞",
  ),
  elementwise(
    'rule-pow-scalar',
    'pow(x(0), p - 1), p))',
    'pow(x(0), p - 1), p - 1))',
    'the slope of xᵖ has the factor p − 1',
  ),
  elementwise('rule-pow-zero', 'if (p === 0) return zerosLike(dy)', '', 'the slope of x⁰ at 0 is NaN'),
  elementwise(
    'rule-clamp-ends',
    'lessEqual(x(0), params.max)',
    'less(x(0), params.max)',
    'clamp has no gradient at its upper end',
  ),
  elementwise(
    'rule-silu-curvature',
    'add(mul(x, sub(1, mul(s, 2))), 2)',
    'add(mul(x, sub(1, s)), 2)',
    "SiLU's second derivative",
  ),
  elementwise(
    'rule-where',
    'where(x(0), 0, dy)',
    'where(x(0), dy, 0)',
    'both branches of where get one gradient',
  ),
  elementwise(
    'rule-expm1',
    "expm1: unary(['y'], ({ dy, y }) => mul(dy, add(y, 1)))",
    "expm1: unary(['y'], ({ dy, y }) => mul(dy, y))",
    'the slope of expm1 lacks 1',
  ),
  reduce(
    'rule-max-share',
    'div(mask, sum(mask, axes, true))',
    'mask',
    'equal maxima each get the whole gradient',
  ),
  reduce(
    'rule-cumsum',
    'flip(cumsum(flip(dy, [axis]), axis), [axis])',
    'cumsum(dy, axis)',
    'the gradient of cumulative sums runs forwards',
  ),
  move(
    'rule-slice-start',
    'step[i]! > 0 ? start[i]! : start[i]! + (size[i]! - 1) * step[i]!',
    'start[i]!',
    'gradients of backward slices are shifted',
  ),
  move(
    'rule-concat-offset',
    'shapes.slice(0, i).reduce((total, shape) => total + shape[axis]!, 0)',
    'i * shapes[0]![axis]!',
    'gradients of unequal parts are mixed',
  ),
  move(
    'rule-transpose',
    'transpose(dy, inverse(permutation))',
    'transpose(dy, permutation)',
    'the permutation instead of its inverse',
  ),
  contract(
    'rule-conv-low',
    'const low = reach - 1 - padding[a][0]',
    'const low = reach - 1 - padding[a][1]',
    "a convolution's input gradient takes the other padding",
  ),
  contract('rule-conv-flip', 'flip(w, [2, 3])', 'flip(w, [3])', 'the kernel is turned along one axis only'),
  contract(
    'rule-conv-groups',
    '[groups, outChannels / groups, perGroup, kh, kw]',
    '[outChannels / groups, groups, perGroup, kh, kw]',
    'output channels are split the other way',
  ),
  contract(
    'rule-kernel-dilation',
    'stride: rhsDilation,',
    'stride: lhsDilation,',
    "a kernel's gradient takes the input's dilation",
  ),
  contract(
    'rule-matmul',
    'matmul(dy, matrixTranspose(x(1)))',
    'matmul(matrixTranspose(dy), x(1))',
    'the gradient in the left factor',
  ),
  epilogue(
    'rule-fused-activation',
    "if (params.activation === 'none') return d",
    "if (params.activation !== 'none' || true) return d",
    'gradients pass the activation unchanged',
  ),
  epilogue(
    'rule-fused-bias',
    "dz.rank - (bias === 'row' ? 2 : 1)",
    "dz.rank - (bias === 'row' ? 1 : 2)",
    'the bias gradient sums along the other axis',
  ),
  tangents(
    'rule-fused-tangent',
    'bias && spread(bias, params),',
    'undefined,',
    'tangents of the bias are dropped',
  ),
  fused(
    'rule-group-norm-order',
    'size + (i - 1) * channels',
    'size + (2 - i) * channels',
    'the gradients in weight and bias change places',
  ),
  tangents(
    'rule-group-norm-tangent',
    'terms.push(mul(normal, perChannel(weight)))',
    'terms.push(normal)',
    'the tangent of group norm without the weight',
  ),
  tangents(
    'rule-attention-scale',
    'mul(total(scores), scale)',
    'total(scores)',
    'the tangent of attention without the scale',
  ),
  attention(
    'rule-softmax-tangent',
    'mul(y!, sub(dy!, sum(mul(y!, dy!), -1, true)))',
    'mul(y!, dy!)',
    "softmax's second derivative without its mean",
  ),
]

const engines: readonly Edit[] = [
  engine(
    'engine-accumulate',
    'flow.set(id, add(before, x))\n',
    'flow.set(id, x.alias())\n',
    'a value used twice gets one gradient',
  ),
  engine(
    'engine-sum-to',
    'if (node.broadcasts === true) return sumTo(typed, shape)',
    'if (node.broadcasts === true) return sumTo(typed, shape).mul(typed.size / Math.max(1, shape.reduce((a, b) => a * b, 1)))',
    'gradients of broadcast inputs are too large',
  ),
  schedule(
    'revolve-count',
    'return r * n - reach(slots + 1, r - 1)',
    'return r * n - reach(slots, r - 1)',
    'the predicted number of recomputations',
  ),
  schedule(
    'revolve-cut',
    'Math.max(reach(s, r - 2), n - reach(s - 1, r))',
    'Math.floor(n / 2)',
    'chains are cut in the middle instead of best',
  ),
]

const optimisers: readonly Edit[] = [
  adam(
    'adam-correction',
    'Math.sqrt(1 - beta2 ** step)',
    '(1 - beta2 ** step)',
    "Adam's correction without its root",
  ),
  adam('adam-epsilon', 'add(epsilon * correction)', 'add(epsilon)', "Adam's ε is not corrected"),
  adam('adam-default-beta2', 'beta2 = 0.999', 'beta2 = 0.99', "Adam's default β₂"),
  adam('adam-default-epsilon', 'epsilon = 1e-8', 'epsilon = 1e-7', "Adam's default ε"),
  adam(
    'adamw-order',
    'const kept = 1 - base * weightDecay',
    'const kept = 1 - rate * weightDecay',
    'the decay of AdamW takes the corrected rate',
  ),
  adam('adamw-default', 'weightDecay = 0.01', 'weightDecay = 0.1', "AdamW's default decay"),
  sgd('sgd-nesterov', 'slope!.add(v!.mul(momentum))', 'v!', 'Nesterov does not look ahead'),
  sgd(
    'sgd-momentum',
    'leaf!.mul(momentum).add(slope!)',
    'leaf!.mul(momentum).add(slope!.mul(1 - momentum))',
    'the velocity is an average',
  ),
  rates(
    'rate-cosine',
    '(1 + Math.cos((Math.PI * step) / steps))) / 2',
    '(1 + Math.cos((Math.PI * step) / steps)))',
    'the cosine rate starts at twice its value',
  ),
  rates(
    'rate-warm-up',
    '(rateAt(then, 0) * (step + 1)) / steps',
    '(rateAt(then, 0) * step) / steps',
    'the warm-up starts at 0',
  ),
  lbfgs(
    'lbfgs-gamma',
    '1 / (rho.at(-1)! * treeDot(newest.y, newest.y))',
    '1',
    'the first Hessian is the identity',
  ),
  lbfgs('lbfgs-beta', 'alpha[i]! - beta', 'alpha[i]! + beta', 'a sign of the two loops'),
  lbfgs('lbfgs-history', 'historySize = 10', 'historySize = 1', 'one pair is remembered'),
  search(
    'wolfe-curvature',
    'Math.abs(p.slope) <= -curvature * start.slope',
    'p.slope <= -curvature * start.slope',
    'the weak condition of curvature',
  ),
  search(
    'wolfe-decrease',
    'start.value + decrease * p.alpha * start.slope + slack',
    'start.value + slack',
    'any decrease is enough',
  ),
  average(
    'average-swapped',
    'a!.mul(decay).add(x!.mul(1 - decay))',
    'a!.mul(1 - decay).add(x!.mul(decay))',
    'the average and the new value change places',
  ),
  check(
    'check-tolerance',
    'if (!(error <= tolerance)) {',
    'if (error > 1) {',
    'checkGrads lets wrong gradients pass',
  ),
  check(
    'check-order',
    'if (order > 1) check(',
    'if (order > 2) check(',
    'checkGrads leaves out the last order',
  ),
]

export const autogradEdits: readonly Edit[] = [...rules, ...engines, ...optimisers, ...budgetEdits]
