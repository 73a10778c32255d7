/** The parts of a data set: what is learned from, what is looked at on the way, what is looked at in the end. */
export type PartName = 'training' | 'validation' | 'test'
