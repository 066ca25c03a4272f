/** Buckets of the first table, as libbpf's `hashmap` begins. */
const FIRST_BUCKETS = 4;

/**
 * Ids by the hash of their record: the types that one may be a duplicate of.
 *
 * Where several fit, the first one tried is taken, so their order shows in the result. It is that of the chains of libbpf's
 * hashmap: an id goes to the head of its chain, and a table that is three quarters full moves to one of twice the buckets, which
 * turns round the ids of each hash.
 */
export class CandidateTable {
  private buckets = new Uint32Array(0);
  private readonly next: Uint32Array;
  private readonly hashes: Int32Array;
  private size = 0;

  /** For ids from 1 to `lastId`, each of which may be added once. */
  constructor(lastId: number) {
    this.next = new Uint32Array(lastId + 1);
    this.hashes = new Int32Array(lastId + 1);
  }

  add(hash: number, id: number): void {
    const count = this.buckets.length;
    if (count === 0 || Math.floor(((this.size + 1) * 4) / 3) > count) this.grow();
    this.hashes[id] = hash;
    this.push(id);
    this.size++;
  }

  /** The first id with this hash, 0 if there is none. */
  first(hash: number): number {
    return this.buckets.length === 0 ? 0 : this.sameHash(hash, this.buckets[this.bucket(hash)] ?? 0);
  }

  /** The id with the same hash that comes after `id`, 0 if there is none. */
  after(id: number): number {
    return this.sameHash(this.hashes[id] ?? 0, this.next[id] ?? 0);
  }

  private sameHash(hash: number, from: number): number {
    let id = from;
    while (id !== 0 && this.hashes[id] !== hash) id = this.next[id] ?? 0;
    return id;
  }

  private bucket(hash: number): number {
    return hash & (this.buckets.length - 1);
  }

  private push(id: number): void {
    const bucket = this.bucket(this.hashes[id] ?? 0);
    this.next[id] = this.buckets[bucket] ?? 0;
    this.buckets[bucket] = id;
  }

  private grow(): void {
    const old = this.buckets;
    this.buckets = new Uint32Array(Math.max(FIRST_BUCKETS, old.length * 2));
    for (const head of old) {
      for (let id = head; id !== 0; ) {
        const after = this.next[id] ?? 0;
        this.push(id);
        id = after;
      }
    }
  }
}
