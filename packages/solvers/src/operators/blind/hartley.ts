import type { Tensor } from '@tweedie/tensor'
import { gather, matmul } from '@tweedie/tensor'
import { constant } from '../../linalg/constant.ts'
import { negatives } from '../../linalg/fourier-basis.ts'

/** The discrete Hartley transform of the planes of [N, C, H, W], and what convolutions need beside it. */
export interface Hartley {
  /**
   * X(u, v) = Σ cas(2π(u·i/H + v·j/W))·x(i, j)/√(HW), cas = cos + sin: real, orthogonal, its own inverse. It tells of
   * a real picture what the Fourier transform tells, X = Re F − Im F, without complex numbers.
   */
  transform(x: Tensor): Tensor
  /** X at (−u, −v). */
  mirrored(x: Tensor): Tensor
}

const angle = (u: number, i: number, n: number): number => (2 * Math.PI * ((u * i) % n)) / n

/** √(1/n)·f of the angles 2πui/n, [n, n]; symmetric. */
const table = (n: number, f: (angle: number) => number) =>
  constant(
    Float64Array.from({ length: n * n }, (_, k) => f(angle(Math.floor(k / n), k % n, n)) / Math.sqrt(n)),
    [n, n],
  )

/** The transform of pictures of H×W, by four products with matrices of H×H and W×W. */
export function hartley(height: number, width: number): Hartley {
  // cas(a + b) = cos a·cas b + sin a·cas(−b).
  const [cosine, sine] = [table(height, Math.cos), table(height, Math.sin)]
  const cas = table(width, (b) => Math.cos(b) + Math.sin(b))
  const sac = table(width, (b) => Math.cos(b) - Math.sin(b))
  const places = negatives(height, width)
  const mirror = constant(places, [places.length])
  return {
    transform: (x) => {
      const planes = x.reshape([x.size / (height * width), height, width])
      const along = (rows: typeof cosine, columns: typeof cas) =>
        matmul(matmul(rows(x), planes).reshape([planes.size / width, width]), columns(x))
      return along(cosine, cas).add(along(sine, sac)).reshape(x.shape)
    },
    mirrored: (x) => {
      const flat = x.reshape([x.size / places.length, places.length])
      return gather(flat, mirror(x), 1).reshape(x.shape)
    },
  }
}
