/** Items or children of a node at most. */
const WIDTH = 32
/** A node with fewer is joined with a neighbour that has room. */
const FEW = WIDTH / 4

/** Elements, or nodes with what is in them up to the end of each. */
type Node<T> = readonly T[] | Branch<T>

class Branch<T> {
  readonly children: readonly Node<T>[]
  /** Elements up to the end of each child. */
  readonly ends: readonly number[]

  constructor(children: readonly Node<T>[]) {
    const ends: number[] = []
    let end = 0
    for (const child of children) ends.push((end += lengthOf(child)))
    this.children = children
    this.ends = ends
  }

  /** The child with an element; of what is behind the end, the last. */
  childAt(index: number): number {
    let low = 0
    let high = this.ends.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (index < (this.ends[middle] as number)) high = middle
      else low = middle + 1
    }
    return low
  }

  startOf(child: number): number {
    return child === 0 ? 0 : (this.ends[child - 1] as number)
  }
}

/**
 * An array that never changes: changing it makes another one, which shares all but a few nodes with it. Any place is found, and any
 * element put in or taken out, in logarithmic time. Indices must be in range.
 */
export class Sequence<T> implements Iterable<T> {
  readonly #root: Node<T>

  constructor(root: Node<T> = []) {
    this.#root = root
  }

  get length(): number {
    return lengthOf(this.#root)
  }

  get(index: number): T | undefined {
    let node = this.#root
    let at = index
    while (node instanceof Branch) {
      const child = node.childAt(at)
      at -= node.startOf(child)
      node = node.children[child] as Node<T>
    }
    return node[at]
  }

  with(index: number, value: T): Sequence<T> {
    return new Sequence(replaced(this.#root, index, value))
  }

  /** Before the element with this index; at the end with the length. */
  insert(index: number, value: T): Sequence<T> {
    const nodes = inserted(this.#root, index, value)
    return new Sequence(nodes.length === 1 ? (nodes[0] as Node<T>) : new Branch(nodes))
  }

  remove(index: number): Sequence<T> {
    return new Sequence(withoutLevels(removed(this.#root, index)))
  }

  /** The first so many. */
  take(count: number): Sequence<T> {
    return count === 0 ? new Sequence() : new Sequence(withoutLevels(taken(this.#root, count)))
  }

  [Symbol.iterator](): Generator<T, undefined> {
    return this.from(0)
  }

  *from(index: number): Generator<T, undefined> {
    for (const leaf of this.leaves(index)) for (const element of leaf) yield element
  }

  /** The elements a few at a time, which is several times as fast. */
  *leaves(from = 0): Generator<readonly T[], undefined> {
    if (from < this.length) yield* leavesOf(this.#root, from)
  }
}

function lengthOf<T>(node: Node<T>): number {
  return node instanceof Branch ? (node.ends.at(-1) ?? 0) : node.length
}

function* leavesOf<T>(node: Node<T>, from: number): Generator<readonly T[], undefined> {
  if (!(node instanceof Branch)) {
    yield from === 0 ? node : node.slice(from)
    return
  }
  const first = node.childAt(from)
  for (let i = first; i < node.children.length; i++) {
    yield* leavesOf(node.children[i] as Node<T>, i === first ? from - node.startOf(i) : 0)
  }
}

function replaced<T>(node: Node<T>, index: number, value: T): Node<T> {
  if (!(node instanceof Branch)) return node.with(index, value)
  const child = node.childAt(index)
  return new Branch(node.children.with(child, replaced(node.children[child] as Node<T>, index - node.startOf(child), value)))
}

/** One node, or two where it was full. */
function inserted<T>(node: Node<T>, index: number, value: T): Node<T>[] {
  if (!(node instanceof Branch)) return split(node.toSpliced(index, 0, value), index)
  const child = node.childAt(index)
  const nodes = inserted(node.children[child] as Node<T>, index - node.startOf(child), value)
  const children = node.children.toSpliced(child, 1, ...nodes)
  return children.length <= WIDTH ? [new Branch(children)] : split(children, child === 0 ? 0 : child + 1).map((half) => new Branch(half))
}

/** Where it grows at an end, what was there stays whole: so what is only appended to fills its nodes. */
function split<U>(slots: U[], grownAt: number): U[][] {
  if (slots.length <= WIDTH) return [slots]
  const middle = grownAt === 0 ? 1 : grownAt === slots.length - 1 ? slots.length - 1 : slots.length >> 1
  return [slots.slice(0, middle), slots.slice(middle)]
}

function removed<T>(node: Node<T>, index: number): Node<T> {
  if (!(node instanceof Branch)) return node.toSpliced(index, 1)
  const child = node.childAt(index)
  return new Branch(joined(node.children, child, removed(node.children[child] as Node<T>, index - node.startOf(child))))
}

/** The children with another one in this place: without it when it is empty, together with a neighbour when that has room for its few. */
function joined<T>(children: readonly Node<T>[], at: number, child: Node<T>): readonly Node<T>[] {
  const count = slotsOf(child)
  if (count === 0) return children.toSpliced(at, 1)
  if (count < FEW) {
    for (const left of [at - 1, at]) {
      const [a, b] = left === at ? [child, children[at + 1]] : [children[left], child]
      if (a !== undefined && b !== undefined && slotsOf(a) + slotsOf(b) <= WIDTH) return children.toSpliced(left, 2, join(a, b))
    }
  }
  return children.with(at, child)
}

function slotsOf<T>(node: Node<T>): number {
  return node instanceof Branch ? node.children.length : node.length
}

/** Of two nodes of one level. */
function join<T>(a: Node<T>, b: Node<T>): Node<T> {
  if (a instanceof Branch) return new Branch([...a.children, ...(b as Branch<T>).children])
  return [...a, ...(b as readonly T[])]
}

function taken<T>(node: Node<T>, count: number): Node<T> {
  if (!(node instanceof Branch)) return node.slice(0, count)
  const child = node.childAt(count - 1)
  return new Branch([...node.children.slice(0, child), taken(node.children[child] as Node<T>, count - node.startOf(child))])
}

/** A root with one child is that child. */
function withoutLevels<T>(root: Node<T>): Node<T> {
  let node = root
  while (node instanceof Branch && node.children.length <= 1) node = node.children[0] ?? []
  return node
}
