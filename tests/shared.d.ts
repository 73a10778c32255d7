import type { TestContext } from 'vitest'
/** The path of a file in the folder `shared` beside the project, or undefined where it is not there. */
export declare function sharedPath(...parts: string[]): string | undefined
/**
 * The path of a file in `shared`; where it is missing, the running test is skipped and says which file it
 * wanted: `test('reads the checkpoint', ctx => { const path = skipUnlessShared(ctx, 'checkpoints', 'x.pt') })`.
 */
export declare function skipUnlessShared(context: TestContext, ...parts: string[]): string
//# sourceMappingURL=shared.d.ts.map
