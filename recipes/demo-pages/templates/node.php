<?php
// Written by pidep (recipes/demo-pages) for {{name}}; the next deploy replaces changes made here.
// Which node answered, when, and whom: as lines of text, or with ?json as one object.
header('Cache-Control: no-store');
$answer = [
    'node' => '{{name}}',
    'time' => gmdate('Y-m-d\TH:i:s\Z'),
    // Apache's mod_remoteip has put the client's address here where a node's proxy sent X-Forwarded-For.
    'client' => $_SERVER['REMOTE_ADDR'],
];
if (isset($_GET['json'])) {
    header('Content-Type: application/json');
    echo json_encode($answer, JSON_UNESCAPED_SLASHES), "\n";
} else {
    header('Content-Type: text/plain; charset=utf-8');
    foreach ($answer as $name => $value) {
        echo "$name $value\n";
    }
}
