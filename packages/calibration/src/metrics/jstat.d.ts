// What is used of jStat, which comes without types.
declare module 'jstat' {
  interface JStat {
    /** The regularised lower incomplete gamma function P(a, x). */
    lowRegGamma(a: number, x: number): number
    /** The regularised incomplete beta function I_x(a, b); false outside of 0 ≤ x ≤ 1. */
    ibeta(x: number, a: number, b: number): number | false
    readonly studentt: { inv(p: number, degrees: number): number }
  }
  const jstat: JStat
  export default jstat
}
