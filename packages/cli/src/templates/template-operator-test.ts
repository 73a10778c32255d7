import { test } from 'node:test'
import { operatorLaws } from '@tweedie/solvers/laws'
import templateOperator from './template-operator.ts'

// Linear, ⟨Ax, y⟩ = ⟨x, Aᵀy⟩, gradients, nothing left in memory …
for (const shift of [0, 1, 3, 5]) {
  const operator = templateOperator([2, 4, 5], { shift })
  for (const { name, holds } of operatorLaws(operator)) test(`${name}, shift ${shift}`, holds)
}
