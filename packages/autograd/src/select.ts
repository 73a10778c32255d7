import { OptionError } from '@tweedie/tensor'

/** Argument numbers: one, or a list. */
export type Argnums = number | readonly number[]

/** The arguments that `argnums` names: one as it is, several as a list. */
export type Chosen<Args extends readonly unknown[], N> = N extends number
  ? Args[N]
  : N extends readonly number[]
    ? { -readonly [I in keyof N]: Args[N[I] & number] }
    : Args

/** Which arguments to differentiate in (the first), and whether f returns [value, auxiliary results]. */
export interface GradOptions<N extends Argnums | undefined = Argnums, Aux extends boolean = boolean> {
  argnums?: N
  hasAux?: Aux
}

/** What f returns to differentiate: its value, or the first of [value, auxiliary results]. */
export type ValueOf<R, Aux> = Aux extends true
  ? R extends readonly [infer Value, ...unknown[]]
    ? Value
    : never
  : R

/** What f returns beside it. */
export type AuxOf<R> = R extends readonly [unknown, infer Aux, ...unknown[]] ? Aux : never

/** A result alone, or with what f returned beside its value. */
export type WithAux<T, R, Aux> = Aux extends true ? [T, AuxOf<R>] : T

/** @throws {OptionError} for a number that names no argument, or one named twice. */
export function chosenNumbers(argnums: Argnums, args: readonly unknown[]): readonly number[] {
  const chosen = typeof argnums === 'number' ? [argnums] : argnums
  for (const n of chosen) {
    if (!(n in args)) throw new OptionError('argnums', `${n} names none of the ${args.length} arguments`)
    if (chosen.indexOf(n) !== chosen.lastIndexOf(n)) throw new OptionError('argnums', `${n} appears twice`)
  }
  return chosen
}

/** f as a function of the chosen arguments alone, the others held. */
export const partial =
  <Args extends readonly unknown[], R>(f: (...args: Args) => R, args: Args, chosen: readonly number[]) =>
  (...xs: unknown[]): R => {
    const all: unknown[] = [...args]
    chosen.forEach((n, i) => {
      all[n] = xs[i]
    })
    return f(...(all as unknown as Args))
  }

/** [value, auxiliary results] of what f returned. @throws {OptionError} where `hasAux` asks for a pair and there is none. */
export function splitAux(result: unknown, hasAux: boolean): [value: unknown, aux: unknown] {
  if (!hasAux) return [result, undefined]
  if (!Array.isArray(result) || result.length !== 2) {
    throw new OptionError('hasAux', 'the function must return a pair [value, auxiliary results]')
  }
  return [result[0], result[1]]
}
