/**
 * An array that cannot be changed, whose elements are put into it when it is first looked into: `fill` must do the same whenever that
 * is. Its methods run on the array within, as fast as ever.
 */
export function lazyArray<T>(fill: (array: T[]) => void): readonly T[] {
  const array: T[] = []
  let isFilled = false
  const filled = (): T[] => {
    if (isFilled) return array
    isFilled = true
    fill(array)
    return Object.freeze(array) as T[]
  }
  return new Proxy(array, {
    get: (_, property) => {
      const found: unknown = Reflect.get(filled(), property)
      return typeof found === 'function' && !Object.hasOwn(array, property) && property !== 'constructor' ? found.bind(array) : found
    },
    has: (_, property) => Reflect.has(filled(), property),
    ownKeys: () => Reflect.ownKeys(filled()),
    getOwnPropertyDescriptor: (_, property) => Reflect.getOwnPropertyDescriptor(filled(), property),
    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
    setPrototypeOf: () => false,
    isExtensible: () => Reflect.isExtensible(filled()),
    preventExtensions: () => (filled(), true),
  })
}
