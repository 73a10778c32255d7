declare module 'virtual:planted-faults' {
  /** Made by `build/planted-faults.ts`. */
  export const plantedFaults: import('./faults.ts').PlantedFaults
}
