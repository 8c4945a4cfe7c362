// What a test file does before its first assertion: import the packaged library (argument 1), say a little, ask.
const { openCluster } = await import(process.argv[2]);
const cluster = await openCluster();
cluster.apply(`
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: db, namespace: shop }
spec:
  endpointSelector: { matchLabels: { app: db } }
  ingress:
    - fromEndpoints: [{ matchLabels: { app: checkout } }]
      toPorts: [{ ports: [{ port: "5432", protocol: TCP }] }]
`);
cluster.pod('shop/checkout', { labels: { app: 'checkout' } });
cluster.pod('shop/db', { labels: { app: 'db' } });
const { verdict } = cluster.flow({ from: 'shop/checkout', to: 'shop/db', port: 5432 });
if (verdict !== 'allow') throw new Error(`bench: testing.start: the first verdict is ${verdict}`);
