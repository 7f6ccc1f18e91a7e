<?php
// Written by pidep (recipes/demo-pages) for {{name}}; the next deploy replaces changes made here.
header('Cache-Control: no-store');
$client = htmlspecialchars($_SERVER['REMOTE_ADDR']);
?>
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{name}}</title>
<style>
  :root { color-scheme: light dark; --ink: #1d2a33; --paper: #f6f4ef; --accent: #b3124b; --line: #d8d3c6; }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #e8e4da; --paper: #161b1f; --accent: #ff6f9c; --line: #333c43; }
  }
  body { margin: 0 auto; max-width: 34rem; padding: 2rem 1.25rem; color: var(--ink); background: var(--paper);
    font: 1.05rem/1.5 system-ui, sans-serif; }
  h1 { margin: 0; color: var(--accent); font-size: clamp(2.5rem, 14vw, 4.5rem); line-height: 1.1; }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
  dt { opacity: .7; }
  dd { margin: 0; font-variant-numeric: tabular-nums; }
  ul { margin: 0; padding: 0; list-style: none; border-top: 1px solid var(--line); }
  li { border-bottom: 1px solid var(--line); }
  a { display: block; padding: .7rem 0; color: inherit; text-decoration: none; }
  a:hover { color: var(--accent); }
</style>
</head>
<body>
<p>This page came from</p>
<h1>{{name}}</h1>
<dl>
  <dt>Time</dt><dd><?= gmdate('H:i:s') ?> UTC</dd>
  <dt>You</dt><dd><?= $client ?></dd>
  <dt>Cluster</dt><dd>{{cluster}}</dd>
</dl>
<ul>
{{#has_vip}}
  <li><a href="http://{{vip}}/">The service, whichever node answers</a></li>
{{/has_vip}}
  <li><a href="/node.php">The same as text</a></li>
  <li><a href="/nfo.php">PHP on this node</a></li>
{{#peers}}
  <li><a href="http://{{host}}:{{http_port}}/">{{name}} itself</a></li>
{{/peers}}
</ul>
</body>
</html>
