// CrossBuild
