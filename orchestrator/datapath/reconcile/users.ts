// Users: which keys name another one. Most are named once, and a hundred thousand of them must not take a set each.

export class Users {
  readonly #users = new Map<string, string | Set<string>>();

  add(key: string, user: string): void {
    const held = this.#users.get(key);
    if (held === undefined) this.#users.set(key, user);
    else if (typeof held !== 'string') held.add(user);
    else if (held !== user) this.#users.set(key, new Set([held, user]));
  }

  remove(key: string, user: string): void {
    const held = this.#users.get(key);
    if (held === user) this.#users.delete(key);
    if (held === undefined || typeof held === 'string') return;
    held.delete(user);
    if (held.size === 0) this.#users.delete(key);
  }

  of(key: string): readonly string[] {
    const held = this.#users.get(key);
    if (held === undefined) return [];
    return typeof held === 'string' ? [held] : [...held];
  }
}
