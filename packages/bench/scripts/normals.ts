// What a standard normal costs, in nanoseconds: node packages/bench/scripts/normals.ts
// TWEEDIE_THREADS=1 draws on one thread.
import { getDevice } from '@tweedie/tensor'
import { timeNormals } from '../src/normal-case.ts'

console.log(`standard normals in float32, wasm with ${getDevice('wasm').info().threads} threads, ns each`)
for (const device of ['wasm', 'reference']) {
  for (const { count, medianNs, leastNs } of timeNormals(device))
    console.log(`${device.padEnd(10)} ${count}: median ${medianNs.toFixed(1)}, least ${leastNs.toFixed(1)}`)
}
process.exit(0)
