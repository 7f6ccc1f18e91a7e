/// Inventories that Ansible's and our reader must resolve alike.
enum AnsibleFixtures {
    static let all: [(name: String, text: String)] = [
        ("ranges", ranges), ("ports", ports), ("quotes", quotes), ("precedence", precedence),
        ("priorities", priorities), ("children before they exist", laterChildren),
        ("the group all", wholeGroup),
        ("values of groups", groupValues), ("sections again", repeated), ("a diamond", diamond),
        ("empty groups", emptyGroups), ("beyond ASCII", unicode), ("no section", noSection),
        ("comments", comments), ("names", names),
    ]

    private static let ranges = """
        [web]
        www[1:4].example.com
        pad[01:10:3]
        letter-[a:f:2]
        rack[1:2]-node[x:z] kind=both
        [zero]
        z[:3]
        [letters]
        mixed[y:B]
        """

    private static let ports = """
        one:2222
        [group]
        two:2200 colour=red
        three[1:2]:2022
        192.0.2.7:24
        [2001:db8::1]:25
        2001:db8::2 name=bare
        """

    private static let quotes = #"""
        [web]
        a v="two words" w='single $x "y"' x=a\ b y="quote \" and \\ and \n" z=
        b v=it"'"s w=ab"cd"ef
        c v='"inner"' w="'inner'" x=1=2=3
        d v="#no comment" w=kept#dropped
        e v=one # w=two
        """#

    private static let precedence = """
        [child]
        host1 from_host=line
        [parent:children]
        child
        [grand:children]
        parent
        [all:vars]
        a=all
        b=all
        c=all
        d=all
        from_host=all
        [grand:vars]
        b=grand
        c=grand
        d=grand
        [parent:vars]
        c=parent
        d=parent
        [child:vars]
        d=child
        from_host=child
        """

    private static let priorities = """
        [alpha]
        host
        [beta]
        host
        [gamma]
        host
        [deep:children]
        gamma
        [alpha:vars]
        v=alpha
        w=alpha
        ansible_group_priority=10
        [beta:vars]
        v=beta
        w=beta
        x=beta
        [gamma:vars]
        w=gamma
        [Zeta]
        host
        [Zeta:vars]
        x=Zeta
        """

    private static let laterChildren = """
        [top:children]
        second
        first
        third
        [first]
        a
        [third:children]
        fourth
        [second]
        b
        [fourth]
        c
        """

    private static let wholeGroup = """
        lone
        [all]
        direct
        [ungrouped]
        said
        both
        [group]
        both
        [all:children]
        group
        [all:vars]
        v=1
        """

    private static let groupValues = #"""
        [g]
        h
        [g:vars]
        plain = some words here
        quoted = "in double quotes"
        single='in single quotes'
        hash = value # not a comment
        number = 80 # a comment
        text_then_comment = "x" # a comment
        equals = a=b=c
        empty =
        path = /usr/bin:/bin
        leading_zero = 0644
        version = 1.2.3
        boolean = True
        lower = true
        nothing = None
        escape = "a\tb\\c\x41\u00e9"
        broken = "open
        two = "a" and "b"
        negative = -5
        """#

    private static let repeated = """
        [web]
        a x=1
        [db]
        b
        a
        [web]
        c
        a y=2
        [web:vars]
        v=1
        [db:vars]
        w=1
        [web:vars]
        u=2
        """

    private static let diamond = """
        [bottom]
        h
        [left:children]
        bottom
        [right:children]
        bottom
        [longer:children]
        right
        [top:children]
        left
        longer
        [left:vars]
        v=left
        [right:vars]
        v=right
        w=right
        [longer:vars]
        v=longer
        w=longer
        x=longer
        [top:vars]
        x=top
        y=top
        """

    private static let emptyGroups = """
        [nobody]
        [nothing:children]
        [parent:children]
        nobody
        [withvars]
        [withvars:vars]
        x=1
        [some]
        h
        """

    private static let unicode = """
        [größe]
        küche farbe=grün
        [größe:vars]
        wort=Straße
        """

    private static let noSection = """
        # only hosts

        a
        \tb  x=1
        ; another comment
        c
        """

    private static let comments = """
        [web] # the web nodes
        a
        [web:vars]# right behind
        v=1
        # x=2
        ; y=3
        [sub:children]
        web # a child
        """

    private static let names = """
        [with-dash]
        under_score
        node-1.example.com
        [with-dash:hosts]
        another
        [g.dot]
        192.0.2.1
        dash-:22
        under_
        """
}
