import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
const root = resolve(import.meta.dirname, '..');
/** The path of a file in the folder `shared` beside the project, or undefined where it is not there. */
export function sharedPath(...parts) {
    const path = join(root, '..', 'shared', ...parts);
    return existsSync(path) ? path : undefined;
}
/**
 * The path of a file in `shared`; where it is missing, the running test is skipped and says which file it
 * wanted: `test('reads the checkpoint', ctx => { const path = skipUnlessShared(ctx, 'checkpoints', 'x.pt') })`.
 */
export function skipUnlessShared(context, ...parts) {
    return sharedPath(...parts) ?? context.skip(`no shared/${parts.join('/')} beside the project`);
}
//# sourceMappingURL=shared.js.map