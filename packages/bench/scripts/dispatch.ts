// What a call costs that computes next to nothing, in microseconds: node packages/bench/scripts/dispatch.ts
// TWEEDIE_THREADS=1 does it without other threads.
import { getDevice } from '@tweedie/tensor'
import { timeDispatch } from '../src/dispatch-case.ts'

console.log(`add of [1] and [1] on wasm, ${getDevice('wasm').info().threads} threads, µs per call`)
for (const { setting, medianUs, leastUs } of timeDispatch('wasm')) {
  console.log(`${setting.padEnd(14)} median ${medianUs.toFixed(2)}, least ${leastUs.toFixed(2)}`)
}
process.exit(0)
