/** What the sandbox puts at hand for a module: `need` gives a module of the page, `serve` takes what it exports. */
export const handle = '__studio'
