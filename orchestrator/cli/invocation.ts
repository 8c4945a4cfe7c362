// How a person starts this program from where it stands, so that what is printed can be typed: in a checkout, in a project that has the
// package, anywhere.

export const invocation = import.meta.url.endsWith('.ts')
  ? 'npm run -s axoneme --'
  : process.argv[1]?.includes('/node_modules/.bin/')
    ? 'npx axoneme'
    : 'axoneme';
